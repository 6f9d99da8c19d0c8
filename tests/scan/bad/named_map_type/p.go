package p

import (
	"sync"
)

type M map[string]int
type S struct {
	mu sync.Mutex
	m  M
}

func (s *S) Set(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Del(k string) { delete(s.m, k) } // want inconsistent-lock
