package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) put(k string) {
	s.m[k] = 1 // want inconsistent-lock
}
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.put(k) }
func Put(s *S, k string)      { (*S).put(s, k) }
