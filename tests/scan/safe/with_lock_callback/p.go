package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *S) Set(k string) { s.with(func() { s.m[k] = 1 }) }
func (s *S) Get(k string) (v int) {
	s.with(func() { v = s.m[k] })
	return v
}
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
