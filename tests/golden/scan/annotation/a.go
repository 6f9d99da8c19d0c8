package p

import "sync"

type S struct {
	mu sync.Mutex
	// +checklocks:mutex
	m map[string]int
}

func (s *S) Set(k string) {
	s.mu.Lock()
	s.m[k] = 1
	s.mu.Unlock()
}

// +checklocks:s.lock
func (s *S) set(k string) { s.m[k] = 1 }
