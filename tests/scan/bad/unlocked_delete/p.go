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
func (s *S) Del(k string)        { delete(s.m, k) } // want inconsistent-lock
