package p

import "sync"

type S struct{ m sync.Map }

func (s *S) Add(k, v string) {
	inner, _ := s.m.LoadOrStore(k, &sync.Map{})
	inner.(*sync.Map).Store(v, true)
}
func (s *S) Range(f func(k string)) {
	s.m.Range(func(k, _ any) bool { f(k.(string)); return true })
}
