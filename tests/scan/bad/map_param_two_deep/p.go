package p

import "sync"

func put(m map[string]int, k string) { m[k] = 1 }
func fill(m map[string]int)          { put(m, "a"); put(m, "b") }

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A()     { s.mu.Lock(); defer s.mu.Unlock(); fill(s.m) }
func (s *S) B() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *S) C() {
	fill(s.m) // want inconsistent-lock
}
