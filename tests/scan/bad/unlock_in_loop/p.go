package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k string)     { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Fill(ks []string) {
	for _, k := range ks {
		s.mu.Lock()
		v := s.m[k]
		s.mu.Unlock()
		s.m[k] = v + 1 // want inconsistent-lock
	}
}
