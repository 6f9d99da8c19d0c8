package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Len() int     { s.mu.RLock(); defer s.mu.RUnlock(); return len(s.m) }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Get(k string) int {
	s.mu.RLock()
	v, ok := s.m[k]
	s.mu.RUnlock()
	if !ok {
		v = len(k)
		s.m[k] = v // want inconsistent-lock
	}
	return v
}
