package p

import "sync"

type S struct {
	mu [16]sync.Mutex
	m  [16]map[int]int
}

func (s *S) Set(k int) {
	i := k % 16
	s.mu[i].Lock()
	defer s.mu[i].Unlock()
	s.m[i][k] = 1
}

func (s *S) Get(k int) int {
	i := k % 16
	s.mu[i].Lock()
	defer s.mu[i].Unlock()
	return s.m[i][k]
}
