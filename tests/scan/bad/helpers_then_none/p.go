package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) lock()            { s.mu.Lock() }
func (s *S) unlock()          { s.mu.Unlock() }
func (s *S) Set(k string)     { s.lock(); defer s.unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.lock(); defer s.unlock(); return s.m[k] }
func (s *S) Del(k string) {
	delete(s.m, k) // want inconsistent-lock
}
