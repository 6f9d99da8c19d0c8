package p

import (
	"maps"
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string, v int) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = v }
func (s *S) Get(k string) int    { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Prune() {
	maps.DeleteFunc(s.m, func(_ string, v int) bool { return v == 0 }) // want inconsistent-lock
}
