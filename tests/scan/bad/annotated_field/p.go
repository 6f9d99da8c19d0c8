package p

import "sync"

type S struct {
	mu sync.Mutex
	// m holds the sessions; guarded by mu.
	m map[string]int
}

func (s *S) Put(k string) {
	s.m[k] = 1 // want inconsistent-lock
}
