// Package store is the other module of the work space.
package store

import "sync"

type Store struct {
	mu sync.Mutex
	m  map[string]int
}

func New() *Store                 { return &Store{m: map[string]int{}} }
func (s *Store) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *Store) Len() int         { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *Store) Set(k string)     { s.m[k] = 1 } // want inconsistent-lock
