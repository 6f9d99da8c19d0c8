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

// keys is called under s.mu, and what it gives is used up there.
func (s *S) keysLocked() iter.Seq[string] { return maps.Keys(s.m) }
func (s *S) Names() (r []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := maps.Keys(s.m)
	for k := range names {
		r = append(r, k)
	}
	for k := range s.keysLocked() {
		r = append(r, k)
	}
	return r
}
func (s *S) Sorted() (n int) {
	s.mu.RLock()
	keys := maps.Keys(s.m)
	names := slices.Sorted(keys)
	s.mu.RUnlock()
	for _, k := range names {
		n += len(k)
	}
	return n + len(slices.Max(names))
}
func (s *S) OfCopy() iter.Seq[string] {
	s.mu.RLock()
	m := maps.Clone(s.m)
	s.mu.RUnlock()
	return maps.Keys(m)
}
func (s *S) Sum() (n int) {
	for k := range s.OfCopy() {
		n += len(k)
	}
	own := map[string]int{"a": 1}
	keys := maps.Keys(own)
	own["b"] = 2
	return n + len(slices.Collect(keys))
}
