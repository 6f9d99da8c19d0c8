package p

import "sync"

type Counts map[string]int

func (c Counts) Inc(k string) { c[k]++ }

type S struct {
	mu sync.Mutex
	c  Counts
}

func (s *S) Hit(k string)      { s.mu.Lock(); defer s.mu.Unlock(); s.c.Inc(k) }
func (s *S) Read(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.c[k] }
func (s *S) Miss() {
	s.c.Inc("miss") // want inconsistent-lock
}
