package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m[k] }
func (s *S) Reload(ks []string) {
	m := make(map[string]int, len(ks))
	for i, k := range ks {
		m[k] = i
	}
	delete(m, "")
	s.mu.Lock()
	s.m = m
	s.mu.Unlock()
}
