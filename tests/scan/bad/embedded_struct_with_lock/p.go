package p

import "sync"

type base struct{ *sync.Mutex }
type S struct {
	base
	m map[string]int
}

func (s *S) Inc(k string)     { s.Lock(); defer s.Unlock(); s.m[k]++ }
func (s *S) Get(k string) int { s.Lock(); defer s.Unlock(); return s.m[k] }
func (s *S) Rm(k string)      { delete(s.m, k) } // want inconsistent-lock
