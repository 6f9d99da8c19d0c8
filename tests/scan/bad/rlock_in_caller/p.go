package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) bump(k string) {
	s.m[k]++ // want write-under-rlock
}
func (s *S) Inc(k string)     { s.mu.RLock(); defer s.mu.RUnlock(); s.bump(k) }
func (s *S) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); s.bump("get"); return s.m[k] }
