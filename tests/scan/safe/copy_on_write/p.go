package p

import (
	"sync"
	"sync/atomic"
)

type S struct {
	mu sync.Mutex
	m  atomic.Value
}

func (s *S) Set(k string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, _ := s.m.Load().(map[string]int)
	m := make(map[string]int, len(old)+1)
	for a, b := range old {
		m[a] = b
	}
	m[k] = 1
	s.m.Store(m)
}
