package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)      { defer s.mu.Unlock(); s.mu.Lock(); s.m[k] = 1 }
func (s *S) Get(k string) int  { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Both(k string) int { s.Set(k); return s.Get(k) }
