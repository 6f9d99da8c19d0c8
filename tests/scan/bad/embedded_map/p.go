package p

import "sync"

type Counts map[string]int

func (c Counts) Inc(k string) { c[k]++ }

type S struct {
	sync.Mutex
	Counts
}

func (s *S) Hit(k string)  { s.Lock(); defer s.Unlock(); s.Counts[k]++ }
func (s *S) Hits(k string) { s.Lock(); defer s.Unlock(); s.Inc(k) }
func (s *S) Miss() {
	s.Inc("miss") // want inconsistent-lock
}
func (s *S) Reset() {
	clear(s.Counts) // want inconsistent-lock
}
