package p

import "sync"

type S struct {
	mu *sync.Mutex
	m  map[string]int
}

func New() S                 { return S{&sync.Mutex{}, map[string]int{}} }
func (s S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
