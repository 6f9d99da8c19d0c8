package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

// +checklocks:s.mu
func (s *S) put(k string) {
	s.m[k] = 1
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }

func (s *S) Put(k string) {
	s.put(k) // want inconsistent-lock
}
