package p

import "sync"

type shard struct {
	sync.RWMutex
	m map[string]int
}
type S struct{ shards []*shard }

func (s *S) shard(k string) *shard { return s.shards[len(k)%len(s.shards)] }
func (s *S) Set(k string) {
	sh := s.shard(k)
	sh.Lock()
	defer sh.Unlock()
	sh.m[k] = 1
}
func (s *S) Get(k string) int {
	sh := s.shard(k)
	sh.RLock()
	defer sh.RUnlock()
	return sh.m[k]
}
func (s *S) locked(k string) *shard {
	sh := s.shard(k)
	sh.Lock()
	return sh
}
func (s *S) Del(k string) {
	sh := s.locked(k)
	defer sh.Unlock()
	delete(sh.m, k)
}
