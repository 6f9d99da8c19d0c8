package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]map[string]int
}

func (s *S) Set(a, b string)               { s.mu.Lock(); defer s.mu.Unlock(); s.m[a][b] = 1 }
func (s *S) Group(a string) map[string]int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[a] }
func (s *S) Reset(a string) {
	g := s.Group(a)
	clear(g) // want alias-after-unlock
}
