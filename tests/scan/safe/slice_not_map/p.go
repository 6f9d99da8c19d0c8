package p

import (
	"sync"
)

type S struct {
	mu sync.Mutex
	m  []int
}

func (s *S) Set(k int)     { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Get(k int) int { return s.m[k] }
