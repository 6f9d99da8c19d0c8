package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]any
}

func (s *S) Set[T any](k string, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = v
}

func (s *S) Get(k string) any { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }

func (s *S) Put[T any](k string, v T) {
	s.m[k] = v // want inconsistent-lock
}
