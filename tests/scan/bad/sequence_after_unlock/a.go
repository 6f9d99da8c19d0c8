package p

import (
	"iter"
	"maps"
	"slices"
	"sync"
)

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Keys() iter.Seq[string] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Keys(s.m)
}
func (s *S) Names() (r []string) {
	s.mu.RLock()
	names := maps.Keys(s.m)
	s.mu.RUnlock()
	for k := range names { // want alias-after-unlock
		r = append(r, k)
	}
	return r
}
func (s *S) Counts() []int {
	s.mu.RLock()
	counts := maps.Values(s.m)
	s.mu.RUnlock()
	return slices.Sorted(counts) // want alias-after-unlock
}
func (s *S) Copy() map[string]int {
	s.mu.RLock()
	all := maps.All(s.m)
	s.mu.RUnlock()
	return maps.Collect(all) // want alias-after-unlock
}
func (s *S) Length() (n int) {
	for k := range s.Keys() { // want alias-after-unlock
		n += len(k)
	}
	return n
}
func (s *S) List() []string {
	return slices.Collect(s.Keys()) // want alias-after-unlock
}
