package p

import (
	"sync"
)

type shard struct {
	mu sync.Mutex
	m  map[string]int
}
type S struct{ shards [16]*shard }

func (s *S) Set(k string) {
	sh := s.shards[len(k)%16]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.m[k] = 1
}
func (s *S) Each() (n int) {
	for _, sh := range s.shards {
		sh.mu.Lock()
		n += len(sh.m)
		sh.mu.Unlock()
	}
	return n
}
