package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Update(f func(m map[string]int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.m)
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func Bump(s *S) {
	s.Update(func(m map[string]int) { m["bump"]++ })
}
