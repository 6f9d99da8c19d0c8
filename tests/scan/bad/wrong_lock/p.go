package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
	nu sync.Mutex
	n  int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k string)     { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Count(k string) {
	s.nu.Lock()
	defer s.nu.Unlock()
	s.n++
	s.m[k] = s.n // want wrong-lock
}
