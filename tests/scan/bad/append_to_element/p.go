package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string][]int
}

func (s *S) Add(k string, v int) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = append(s.m[k], v) }
func (s *S) Get(k string) int    { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m[k]) }
func (s *S) Push(k string, v int) {
	s.m[k] = append(s.m[k], v) // want inconsistent-lock unlocked-read
}
