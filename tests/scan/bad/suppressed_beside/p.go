package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string, v int) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = v }
func (s *S) Len() int            { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *S) Put(k string) {
	s.m[k] = 1 //nolint:maptrap // only at start-up
	s.m[k]++   // want inconsistent-lock
}
func (s *S) Drop(k string) {
	delete(s.m, k) //nolint:errcheck // as maptrap says // want inconsistent-lock
}
func (s *S) Add(k string) {
	s.m[k] += 2 //nolint:all // only at start-up
}
