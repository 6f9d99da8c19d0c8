package p

import "sync"

type S struct {
	mu sync.RWMutex
	// +checklocks:mu
	m map[string]int
	// guarded by mu
	n map[string]int
}

// +checklocks:s.mu
func (s *S) put(k string) { s.m[k] = 1; s.n[k] = 1 }

// +checklocksread:s.mu
func (s *S) get(k string) int { return s.m[k] + s.n[k] }

func (s *S) Put(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.put(k) }
func (s *S) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); return s.get(k) }

// +checklocksignore
func (s *S) Debug() int { return len(s.m) }

func New() *S {
	s := &S{m: map[string]int{}, n: map[string]int{}}
	s.m["a"] = 1
	return s
}
