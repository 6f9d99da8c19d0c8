package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Load(k string) {
	//lint:ignore maptrap before anything else runs
	s.m[k] = 1
}
func (s *S) Load2(k string) {
	s.m[k] = 1 //nolint:govet,maptrap // before anything else runs
}
func (s *S) Load3(k string) {
	s.m[k] = 1 //nolint // before anything else runs
}
