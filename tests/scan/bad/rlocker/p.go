package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Inc(k string) {
	l := s.mu.RLocker()
	l.Lock()
	defer l.Unlock()
	s.m[k]++ // want write-under-rlock
}
