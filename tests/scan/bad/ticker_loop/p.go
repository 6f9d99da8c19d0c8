package p

import (
	"sync"
	"time"
)

type S struct {
	mu sync.Mutex
	m  map[string]time.Time
}

func (s *S) Set(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = time.Now() }
func (s *S) Del(k string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Sweep(every time.Duration, stop chan bool) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			for k := range s.m { // want unlocked-read
				println(k)
			}
		case <-stop:
			return
		}
	}
}
