package p

import "sync"

func put[K comparable, V any](m map[K]V, k K, v V) { m[k] = v }

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A() { s.mu.Lock(); defer s.mu.Unlock(); put(s.m, "a", 1) }
func (s *S) B() { s.mu.Lock(); defer s.mu.Unlock(); put(s.m, "b", 1) }
func (s *S) C() {
	put(s.m, "c", 1) // want inconsistent-lock
}
