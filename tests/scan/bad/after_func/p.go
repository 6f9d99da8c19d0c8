package p

import (
	"sync"
	"time"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Len() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *S) Set(k string, ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = 1
	time.AfterFunc(ttl, func() {
		delete(s.m, k) // want inconsistent-lock
	})
}
