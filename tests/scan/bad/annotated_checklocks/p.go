package p

import "sync"

type S struct {
	mu sync.RWMutex
	// +checklocks:mu
	m map[string]int
}

func (s *S) Get(k string) int {
	return s.m[k] // want unlocked-read
}

func (s *S) Put(k string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.m[k] = 1 // want write-under-rlock
}
