package p

import "sync/atomic"

type S struct {
	p atomic.Pointer[map[string]int]
}

func (s *S) Get(k string) int {
	if m := s.p.Load(); m != nil {
		return (*m)[k]
	}
	return 0
}

func (s *S) Reload(ks []string) {
	m := map[string]int{}
	for i, k := range ks {
		m[k] = i
	}
	s.p.Store(&m)
}
