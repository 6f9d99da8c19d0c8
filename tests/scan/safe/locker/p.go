package p

import "sync"

type S struct {
	sync.Locker
	m map[string]int
}

func New() *S                 { return &S{Locker: &sync.Mutex{}, m: map[string]int{}} }
func (s *S) Set(k string)     { s.Lock(); defer s.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.Lock(); defer s.Unlock(); return s.m[k] }
