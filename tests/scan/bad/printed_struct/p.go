package p

import (
	"log"
	"sync"
)

type state struct{ jobs map[string]int }
type S struct {
	mu sync.Mutex
	st state
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.st.jobs[k] = 1 }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.st.jobs, k) }
func (s *S) Dump(l *log.Logger) {
	log.Printf("state %+v", s.st) // want unlocked-read
}
