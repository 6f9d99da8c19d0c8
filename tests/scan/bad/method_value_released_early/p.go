package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A(k string)     { s.mu.Lock(); unlock := s.mu.Unlock; s.m[k]++; unlock() }
func (s *S) B(k string)     { s.mu.Lock(); unlock := s.mu.Unlock; unlock(); s.m[k]++ } // want inconsistent-lock
func (s *S) C(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
