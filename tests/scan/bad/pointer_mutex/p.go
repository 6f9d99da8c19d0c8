package p

import (
	"sync"
)

type S struct {
	mu *sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Get(k string) int { return s.m[k] } // want unlocked-read
