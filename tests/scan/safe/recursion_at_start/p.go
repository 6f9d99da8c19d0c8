package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[int]int
}

func New(n int) *S {
	s := &S{m: map[int]int{}}
	s.load(n)
	return s
}

func (s *S) load(n int) {
	if n > 0 {
		s.load(n - 1)
	}
	s.m[n] = n
}

func (s *S) Set(k int)     { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Get(k int) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
