package p

import (
	"sync"

	"golang.org/x/sync/singleflight"
)

type S struct {
	g  singleflight.Group
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int {
	v, _, _ := s.g.Do(k, func() (any, error) {
		local := map[string]int{}
		local[k] = len(k)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.m[k] = local[k]
		return s.m[k], nil
	})
	return v.(int)
}
