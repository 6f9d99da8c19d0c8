package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) {
	s.mu.Lock()
	s.m[k] = 1
	s.mu.Unlock()
}
func (s *S) Get(k string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[k]
}

// Prune must not be called concurrently with the others.
func (s *S) Prune() {
	for k := range s.m { // want unlocked-read
		delete(s.m, k) // want inconsistent-lock
	}
}
