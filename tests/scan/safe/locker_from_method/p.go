package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) locker() sync.Locker { return &s.mu }
func (s *S) Set(k string) {
	l := s.locker()
	l.Lock()
	defer l.Unlock()
	s.m[k] = 1
}
func (s *S) Del(k string) {
	s.locker().Lock()
	defer s.locker().Unlock()
	delete(s.m, k)
}
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
