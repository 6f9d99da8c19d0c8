package p

import "sync"

type M = map[string]int

type S struct {
	mu sync.Mutex
	m  M
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Put(k string) {
	s.m[k] = 2 // want inconsistent-lock
}
