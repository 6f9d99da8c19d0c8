// Package store is the other module of the work space.
package store

import "sync"

type Store struct {
	Mu sync.Mutex
	M  map[string]int
}

func New() *Store { return &Store{M: map[string]int{}} }
