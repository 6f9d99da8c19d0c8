package p

import "sync/atomic"

type S struct {
	p atomic.Pointer[map[string]int]
}

func New() *S                    { s := &S{}; m := map[string]int{}; s.p.Store(&m); return s }
func (s *S) Set(k string, v int) { m := *s.p.Load(); m[k] = v } // want unguarded-shared
func (s *S) Get(k string) int    { return (*s.p.Load())[k] }
