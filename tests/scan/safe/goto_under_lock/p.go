package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Set(k string) {
	s.mu.Lock()
	if k == "" {
		goto out
	}
	s.m[k] = 1
	if k == "a" {
		goto out
	}
	s.m[k] = 2
out:
	s.m["n"]++
	s.mu.Unlock()
}
