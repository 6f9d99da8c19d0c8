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
func (s *S) put(k string)        { s.m[k] = 1 } // want inconsistent-lock
func (s *S) A()                  { s.mu.Lock(); s.put("a"); s.mu.Unlock() }
func (s *S) B()                  { s.put("b") }
