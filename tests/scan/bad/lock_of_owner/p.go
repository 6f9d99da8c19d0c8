package p

import "sync"

type index struct{ m map[string]int }

func (x *index) put(k string)     { x.m[k] = 1 } // want inconsistent-lock
func (x *index) get(k string) int { return x.m[k] }

type S struct {
	mu sync.Mutex
	ix index
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.ix.get(k) }
func (s *S) Put(k string)     { s.ix.put(k) }
