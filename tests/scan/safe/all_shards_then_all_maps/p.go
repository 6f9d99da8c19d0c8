package p

import "sync"

type S struct {
	mu sync.RWMutex
	a  map[string]int
	b  map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); s.a[k], s.b[k] = 1, 2; s.mu.Unlock() }
func (s *S) Both(k string) (x, y int) {
	s.mu.RLock()
	x, y = s.a[k], s.b[k]
	s.mu.RUnlock()
	return
}
func (s *S) Swap() {
	s.mu.Lock()
	s.a, s.b = s.b, s.a
	s.mu.Unlock()
}
