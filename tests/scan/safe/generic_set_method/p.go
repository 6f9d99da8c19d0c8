package p

import "sync"

type Set[T comparable] map[T]struct{}

func (s Set[T]) Add(v T)      { s[v] = struct{}{} }
func (s Set[T]) Has(v T) bool { _, ok := s[v]; return ok }
func SetOf[T comparable](vs ...T) Set[T] {
	s := make(Set[T], len(vs))
	for _, v := range vs {
		s.Add(v)
	}
	return s
}

type S struct {
	mu   sync.Mutex
	seen Set[string]
}

func New() *S                   { s := &S{seen: SetOf("a")}; s.seen.Add("b"); return s }
func (s *S) See(k string)       { s.mu.Lock(); defer s.mu.Unlock(); s.seen.Add(k) }
func (s *S) Seen(k string) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.seen.Has(k) }
