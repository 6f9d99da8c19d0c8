package p

import "sync"

type base struct {
	mu sync.Mutex
	m  map[string]int
}
type S struct {
	*base
	n int
}

func (b *base) put(k string)     { b.m[k] = 1 }
func (s *S) Set(k string)        { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Put(k string)        { s.base.mu.Lock(); defer s.base.mu.Unlock(); s.put(k) }
func (b *base) Get(k string) int { b.mu.Lock(); defer b.mu.Unlock(); return b.m[k] }
