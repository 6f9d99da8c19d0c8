package p

import "sync"

type S struct {
	flush sync.RWMutex
	mu    sync.Mutex
	m     map[string]int
}

func (s *S) Add(k string) {
	s.flush.RLock()
	defer s.flush.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = 1
}

func (s *S) Flush() {
	s.flush.Lock()
	defer s.flush.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.m)
}
