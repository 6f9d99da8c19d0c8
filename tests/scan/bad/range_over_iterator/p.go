package p

import (
	"maps"
	"slices"
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Names() (r []string) {
	for k := range maps.Keys(s.m) { // want unlocked-read
		r = append(r, k)
	}
	return r
}
func (s *S) Sorted() []string {
	return slices.Sorted(maps.Keys(s.m)) // want unlocked-read
}
