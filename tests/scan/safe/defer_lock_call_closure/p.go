package p

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *S) lock() func()     { s.mu.Lock(); return func() { s.mu.Unlock() } }
func (s *S) rlock() func()    { s.mu.RLock(); return s.mu.RUnlock }
func (s *S) Set(k string)     { defer s.lock()(); s.m[k] = 1 }
func (s *S) Get(k string) int { defer s.rlock()(); return s.m[k] }
func (s *S) Del(k string) {
	unlock := s.lock()
	defer unlock()
	delete(s.m, k)
}
