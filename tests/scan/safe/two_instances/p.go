package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func New() *S             { return &S{m: map[string]int{}} }
func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Clone() *S {
	c := New()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range s.m {
		c.m[k] = v
	}
	return c
}
func (s *S) Merge(o *S) {
	for k := range o.Clone().m {
		s.Set(k)
	}
}
