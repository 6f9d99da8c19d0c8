package p

import "sync"

type S struct {
	l sync.Locker
	m map[string]int
}

func New(l sync.Locker) *S    { return &S{l: l, m: map[string]int{}} }
func (s *S) Set(k string)     { s.l.Lock(); defer s.l.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.l.Lock(); defer s.l.Unlock(); return s.m[k] }
func (s *S) Del(k string) {
	delete(s.m, k) // want inconsistent-lock
}
