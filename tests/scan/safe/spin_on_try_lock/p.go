package p

import (
	"runtime"
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) {
	for !s.mu.TryLock() {
		runtime.Gosched()
	}
	s.m[k] = 1
	s.mu.Unlock()
}
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
