package p

import (
	"sync"
)

type S struct {
	mu, nu sync.Mutex
	m, n   map[string]int
}

func (s *S) A(k string)     { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) B(k string)     { s.nu.Lock(); s.n[k] = 1; s.nu.Unlock() }
func (s *S) C(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
