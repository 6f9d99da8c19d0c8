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
func (s *S) Copy() map[string]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := map[string]int{}
	for k, v := range s.m {
		r[k] = v
	}
	return r
}
func (s *S) Sum() (n int) {
	for _, v := range s.Copy() {
		n += v
	}
	return n
}
