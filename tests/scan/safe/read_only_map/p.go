package p

import (
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
	n  int
}

func New() *S       { return &S{m: map[string]int{"a": 1}} }
func (s *S) A() int { s.mu.Lock(); defer s.mu.Unlock(); s.n++; return s.m["a"] }
func (s *S) B() int { return s.m["b"] }
