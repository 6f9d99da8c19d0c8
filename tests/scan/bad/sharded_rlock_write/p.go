package p

import (
	"hash/fnv"
	"sync"
)

type shard struct {
	sync.RWMutex
	m map[string]int
}
type Sharded []*shard

func New() Sharded {
	s := make(Sharded, 16)
	for i := range s {
		s[i] = &shard{m: map[string]int{}}
	}
	return s
}
func (s Sharded) pick(k string) *shard { h := fnv.New32a(); h.Write([]byte(k)); return s[h.Sum32()%16] }
func (s Sharded) Get(k string) int     { sh := s.pick(k); sh.RLock(); defer sh.RUnlock(); return sh.m[k] }
func (s Sharded) Set(k string, v int)  { sh := s.pick(k); sh.Lock(); sh.m[k] = v; sh.Unlock() }
func (s Sharded) Incr(k string)        { sh := s.pick(k); sh.RLock(); defer sh.RUnlock(); sh.m[k]++ } // want write-under-rlock
