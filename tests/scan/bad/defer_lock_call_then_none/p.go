package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) lock() func()     { s.mu.Lock(); return func() { s.mu.Unlock() } }
func (s *S) Set(k string)     { defer s.lock()(); s.m[k] = 1 }
func (s *S) Get(k string) int { defer s.lock()(); return s.m[k] }
func (s *S) Del(k string) {
	unlock := s.lock()
	delete(s.m, k)
	unlock()
	s.m["deleted"]++ // want inconsistent-lock
}
