package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Move(to *S, k string) {
	s.mu.Lock()
	delete(s.m, k)
	s.mu.Unlock()
	to.mu.Lock()
	to.m[k] = 1
	to.mu.Unlock()
}
