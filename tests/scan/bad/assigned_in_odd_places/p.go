package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func two() (int, int) { return 1, 2 }

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Len() int     { s.mu.Lock(); defer s.mu.Unlock(); return len(s.m) }
func (s *S) Tuple(a, b string) {
	s.m[a], s.m[b] = two() // want inconsistent-lock
}
func (s *S) Received(k string, ch chan int) {
	select {
	case s.m[k] = <-ch: // want inconsistent-lock
	default:
	}
}
func (s *S) Ranged(xs []string) {
	for s.m["last"] = range xs { // want inconsistent-lock
	}
}
