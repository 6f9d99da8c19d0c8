package p

import "sync"

var table = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	m["a"] = 1
	return m
})

type S struct {
	once sync.Once
	m    map[string]int
}

func (s *S) init() {
	s.m = map[string]int{}
	s.m["a"] = 1
}
func (s *S) Get(k string) int {
	s.once.Do(s.init)
	return s.m[k] + table()[k]
}
