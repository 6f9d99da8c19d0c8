package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
func (s *S) Set(ks []string) {
	i := 0
again:
	s.mu.Lock()
	s.m[ks[i]] = i
	s.mu.Unlock()
	i++
	if i < len(ks) {
		goto again
	}
outer:
	for {
		s.mu.Lock()
		for k := range s.m {
			if k == "stop" {
				s.mu.Unlock()
				break outer
			}
		}
		s.m["stop"] = 1
		s.mu.Unlock()
	}
}
