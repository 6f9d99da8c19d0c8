package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) begin()  { s.mu.Lock() }
func (s *S) commit() { s.m["commits"]++; s.mu.Unlock() }
func (s *S) Put(k string) {
	s.begin()
	s.m[k] = 1
	s.commit()
	s.m["done"] = 1 // want inconsistent-lock
}
