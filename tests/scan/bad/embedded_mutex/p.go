package p

import (
	"sync"
)

type S struct {
	sync.Mutex
	m map[string]int
}

func (s *S) Set(k string)     { s.Lock(); s.m[k] = 1; s.Unlock() }
func (s *S) Get(k string) int { s.Lock(); defer s.Unlock(); return s.m[k] }
func (s *S) Del(k string)     { delete(s.m, k) } // want inconsistent-lock
