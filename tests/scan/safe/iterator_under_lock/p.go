package p

import (
	"iter"
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for k := range s.m {
			if !yield(k) {
				return
			}
		}
	}
}
func (s *S) Sum() (n int) {
	for k := range s.All() {
		n += len(k)
	}
	return n
}
