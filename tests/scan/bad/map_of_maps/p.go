package p

import (
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]map[string]int
}

func (s *S) Set(a, b string) { s.mu.Lock(); s.m[a][b] = 1; s.mu.Unlock() }
func (s *S) Del(a, b string) { delete(s.m[a], b) } // want inconsistent-lock
