package p

// static int twice(int x) { return 2 * x; }
import "C"

import "sync"

type S struct {
	mu sync.Mutex
	m  map[int]int
}

func (s *S) Get(k int) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Del(k int)     { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Put(k int) {
	s.m[k] = int(C.twice(C.int(k))) // want inconsistent-lock
}
