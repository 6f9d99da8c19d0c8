package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Fill(ks []string) {
	for _, k := range ks {
		s.mu.Lock()
		if k == "" {
			s.mu.Unlock()
			continue
		}
		s.m[k]++
		if k == "end" {
			s.mu.Unlock()
			break
		}
		s.mu.Unlock()
	}
}
func (s *S) Get(k string) int {
	s.mu.Lock()
	v, ok := s.m[k]
	if !ok {
		s.mu.Unlock()
		return 0
	}
	s.mu.Unlock()
	return v
}
func (s *S) Wait(k string) {
	s.mu.Lock()
	for s.m[k] == 0 {
		s.mu.Unlock()
		s.mu.Lock()
		s.m[k]++
	}
	s.mu.Unlock()
}
