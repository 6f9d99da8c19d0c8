package p

import (
	"encoding/json"
	"sync"
)

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) UnmarshalJSON(b []byte) error {
	var in map[string]int
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	s.m = make(map[string]int, len(in))
	for k, v := range in {
		s.m[k] = v
	}
	return nil
}

func (s *S) Set(k string)     { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }
