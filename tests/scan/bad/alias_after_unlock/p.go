package p

import (
	"sync"
)

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string, v int) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = v }
func (s *S) Len() int            { s.mu.RLock(); defer s.mu.RUnlock(); return len(s.m) }
func (s *S) Sum() (n int) {
	s.mu.RLock()
	m := s.m
	s.mu.RUnlock()
	for _, v := range m { // want alias-after-unlock
		n += v
	}
	return n
}
