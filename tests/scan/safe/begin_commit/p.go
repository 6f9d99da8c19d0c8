package p

import "sync"

type Tx struct{ s *S }
type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Begin() *Tx { s.mu.Lock(); return &Tx{s} }
func (t *Tx) Commit()   { t.s.mu.Unlock() }
func (s *S) begin()     { s.mu.Lock() }
func (s *S) end()       { s.mu.Unlock() }
func (s *S) Set(k string) {
	s.begin()
	defer s.end()
	s.m[k] = 1
}
func (s *S) Get(k string) int {
	s.begin()
	v := s.m[k]
	s.end()
	return v
}
func Put(s *S, k string) {
	t := s.Begin()
	s.m[k] = 2
	t.Commit()
}
