package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1; s.slow(k); s.m[k] = 2 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }

// slow does without the lock for a while.
func (s *S) slow(k string) {
	s.mu.Unlock()
	defer s.mu.Lock()
	_ = len(k)
}
