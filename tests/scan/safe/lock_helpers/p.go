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
func (s *S) lock()               { s.mu.Lock() }
func (s *S) unlock()             { s.mu.Unlock() }
func (s *S) Put(k string)        { s.lock(); defer s.unlock(); s.m[k] = 1 }
