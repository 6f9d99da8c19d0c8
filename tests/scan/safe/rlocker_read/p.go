package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int {
	l := s.mu.RLocker()
	l.Lock()
	defer l.Unlock()
	return s.m[k]
}
