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
func (s *S) Merge(o map[string]int) {
	maps.Insert(s.m, maps.All(o)) // want inconsistent-lock
}
