package p

import "sync"

type Mu struct {
	inner sync.Mutex
	owner string
}

func (m *Mu) Lock()   { m.inner.Lock(); m.owner = "someone" }
func (m *Mu) Unlock() { m.owner = ""; m.inner.Unlock() }

type S struct {
	mu Mu
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k string) {
	delete(s.m, k) // want inconsistent-lock
}
