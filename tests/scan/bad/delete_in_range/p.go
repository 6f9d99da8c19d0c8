package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Expire() {
	for k, v := range s.m { // want unlocked-read
		if v > 0 {
			delete(s.m, k) // want inconsistent-lock
		}
	}
}
