package p

import "sync"

type M map[string]int

func (m *M) Set(k string) { (*m)[k] = 1 }

type S struct {
	mu sync.Mutex
	m  M
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m.Set(k) }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Put(k string) {
	s.m.Set(k) // want inconsistent-lock
}
