package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) putLocked(k string) {
	s.m[k] = 1 // want inconsistent-lock
}
func (s *S) A() { s.mu.Lock(); defer s.mu.Unlock(); s.putLocked("a") }
func (s *S) B() { s.mu.Lock(); defer s.mu.Unlock(); s.m["b"] = 1 }
func (s *S) C() { s.putLocked("c") }
