package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k string)     { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
