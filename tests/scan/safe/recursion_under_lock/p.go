package p

import "sync"

type S struct {
	mu   sync.Mutex
	seen map[int]bool
}

func (s *S) Walk(n int)     { s.mu.Lock(); defer s.mu.Unlock(); s.walk(n) }
func (s *S) Has(n int) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.seen[n] }
func (s *S) walk(n int) {
	if n == 0 || s.seen[n] {
		return
	}
	s.seen[n] = true
	s.walk(n / 2)
	s.walk(n - 1)
}
