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
func (s *S) All() map[string]int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m }
func (s *S) Sum() (n int) {
	for _, v := range s.All() { // want alias-after-unlock
		n += v
	}
	return n
}
