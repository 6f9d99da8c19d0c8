package p

import (
	"encoding/json"
	"io"
	"sync"
)

type Stats struct {
	ByKey map[string]int
	Total int
}
type S struct {
	mu    sync.Mutex
	stats Stats
}

func (s *S) Hit(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.stats.ByKey[k]++ }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.stats.ByKey, k) }
func (s *S) Write(w io.Writer) error {
	return json.NewEncoder(w).Encode(&s.stats) // want unlocked-read
}
