package p

import "sync"

type S struct {
	mu sync.Mutex
	m  [4]map[string]int
}

func (s *S) Set(i int, k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[i][k] = 1 }
func (s *S) Get(i int, k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[i][k] }
func (s *S) Del(i int, k string) {
	delete(s.m[i], k) // want inconsistent-lock
}
