package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) {
	mu := &s.mu
	mu.Lock()
	defer mu.Unlock()
	s.m[k] = 1
}
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k string) {
	t := s
	t.mu.Lock()
	delete(t.m, k)
	t.mu.Unlock()
}
