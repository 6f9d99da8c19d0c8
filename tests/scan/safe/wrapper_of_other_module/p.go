package p

import "example.org/deadlock"

type S struct {
	mu deadlock.RWMutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m[k] }
