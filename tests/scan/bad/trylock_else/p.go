package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Set(k string) {
	if s.mu.TryLock() {
		s.m[k] = 1
		s.mu.Unlock()
	} else {
		s.m[k] = 2 // want inconsistent-lock
	}
}
