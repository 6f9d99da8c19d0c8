package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }

// +checklocksread:s.mu
func (s *S) touch(k string) {
	s.m[k]++ // want write-under-rlock
}

func (s *S) Get(k string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.touch(k)
	return s.m[k]
}
