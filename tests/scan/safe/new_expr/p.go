package p

import "sync"

type S struct {
	mu sync.Mutex
	m  *map[string]int
}

func New() *S {
	s := new(S{m: new(map[string]int{})})
	(*s.m)["a"] = 1
	return s
}
func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); (*s.m)[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return (*s.m)[k] }
