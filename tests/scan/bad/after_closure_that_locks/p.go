package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Bulk(ks []string) {
	for _, k := range ks {
		func() { s.mu.Lock(); defer s.mu.Unlock(); s.m[k]++ }()
		s.m["total"]++ // want inconsistent-lock
	}
}
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
