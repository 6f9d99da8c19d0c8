package p

import "sync"

type state struct{ jobs map[string]int }
type S struct {
	mu sync.Mutex
	st state
}

func (s *S) state() *state    { return &s.st }
func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.state().jobs[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.state().jobs[k] }
func (s *S) Put(k string) {
	s.state().jobs[k] = 2 // want inconsistent-lock
}
