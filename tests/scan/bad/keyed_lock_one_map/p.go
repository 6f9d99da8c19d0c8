package p

import "sync"

type S struct {
	locks [16]sync.Mutex
	m     map[int]int
}

func (s *S) Set(k int) {
	s.locks[k%16].Lock()
	defer s.locks[k%16].Unlock()
	s.m[k] = 1 // want wrong-lock
}

func (s *S) Get(k int) int {
	s.locks[k%16].Lock()
	defer s.locks[k%16].Unlock()
	return s.m[k]
}
