package p

import (
	"maps"
	"sync"
	"sync/atomic"
)

type S struct {
	mu sync.Mutex
	p  atomic.Pointer[map[string]int]
}

func (s *S) Get(k string) int { return (*s.p.Load())[k] }
func (s *S) Set(k string, v int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := maps.Clone(*s.p.Load())
	m[k] = v
	s.p.Store(&m)
}
