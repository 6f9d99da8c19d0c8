package p

import "sync"

type S struct {
	safe bool
	mu   sync.Mutex
	m    map[string]int
}

func (s *S) Set(k string) {
	if s.safe {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	s.m[k] = 1
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) put(k string, locked bool) {
	if !locked {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	s.m[k] = 2
}
func (s *S) A() { s.put("a", false) }
func (s *S) B() { s.mu.Lock(); defer s.mu.Unlock(); s.put("b", true) }
