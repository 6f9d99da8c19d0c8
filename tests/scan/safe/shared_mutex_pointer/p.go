package p

import "sync"

type view struct {
	mu *sync.Mutex
	m  map[string]int
}
type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) View() *view      { return &view{&s.mu, s.m} }
func (v *view) Set(k string)  { v.mu.Lock(); defer v.mu.Unlock(); v.m[k] = 1 }
func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
