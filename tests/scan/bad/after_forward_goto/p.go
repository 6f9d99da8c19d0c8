package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Put(k string) {
	if k != "" {
		goto put
	}
	return
put:
	s.m[k] = 2 // want inconsistent-lock
}
