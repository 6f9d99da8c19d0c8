package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) lock() func() { s.mu.Lock(); return s.mu.Unlock }
func (s *S) A(k string)   { unlock := s.lock(); s.m[k]++; unlock() }
func (s *S) B(k string)   { defer s.lock()(); delete(s.m, k) }
func (s *S) C(k string) int {
	lock, unlock := s.mu.Lock, s.mu.Unlock
	lock()
	defer unlock()
	return s.m[k]
}
