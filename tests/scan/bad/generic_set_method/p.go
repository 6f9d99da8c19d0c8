package p

import "sync"

type Set[T comparable] map[T]struct{}

func (s Set[T]) Add(v T) { s[v] = struct{}{} }

type S struct {
	mu   sync.Mutex
	seen Set[string]
}

func (s *S) See(k string)       { s.mu.Lock(); defer s.mu.Unlock(); s.seen.Add(k) }
func (s *S) Seen(k string) bool { s.mu.Lock(); defer s.mu.Unlock(); _, ok := s.seen[k]; return ok }
func (s *S) Mark(k string) {
	s.seen.Add(k) // want inconsistent-lock
}
