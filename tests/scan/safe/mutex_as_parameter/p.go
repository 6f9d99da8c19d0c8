package p

import "sync"

func put(mu *sync.Mutex, m map[string]int, k string) {
	mu.Lock()
	defer mu.Unlock()
	m[k] = 1
}

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { put(&s.mu, s.m, k) }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
