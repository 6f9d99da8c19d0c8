package p

import (
	"sync"

	"example.org/set"
)

type S struct {
	mu   sync.Mutex
	tags set.Set
}

func (s *S) Add(k string)      { s.mu.Lock(); defer s.mu.Unlock(); s.tags.Add(k) }
func (s *S) Has(k string) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.tags[k] }
func (s *S) Tag(k string) {
	s.tags.Add(k) // want inconsistent-lock
}
