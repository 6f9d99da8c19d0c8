package p

import (
	"sync"
	"time"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Len() int     { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *S) expire() {
	clear(s.m) // want inconsistent-lock
}
func (s *S) Schedule(d time.Duration) { time.AfterFunc(d, s.expire) }
