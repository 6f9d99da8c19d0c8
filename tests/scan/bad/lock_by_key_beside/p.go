package p

import "sync"

type locks struct{ of sync.Map }

func (l *locks) get(k string) *sync.Mutex {
	v, _ := l.of.LoadOrStore(k, new(sync.Mutex))
	return v.(*sync.Mutex)
}
func (l *locks) Lock(k string)   { l.get(k).Lock() }
func (l *locks) Unlock(k string) { l.get(k).Unlock() }

type S struct {
	byName locks
	mu     sync.Mutex
	m      map[string]int
}

func (s *S) Set(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Del(k string) { s.mu.Lock(); delete(s.m, k); s.mu.Unlock() }
func (s *S) Put(k string) {
	s.byName.Lock(k)
	defer s.byName.Unlock(k)
	s.m[k] = 2 // want inconsistent-lock
}
