package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Try(k string) bool {
	if ok := s.mu.TryLock(); ok {
		defer s.mu.Unlock()
		s.m[k] = 2
		return true
	}
	return false
}

func (s *S) TryTwice(k string) bool {
	ok := s.mu.TryLock()
	if !ok {
		return false
	}
	s.m[k] = 3
	s.mu.Unlock()
	return true
}
