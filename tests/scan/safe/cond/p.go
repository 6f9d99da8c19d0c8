package p

import "sync"

type S struct {
	mu   sync.Mutex
	cond *sync.Cond
	m    map[string]int
}

func New() *S {
	s := &S{m: map[string]int{}}
	s.cond = sync.NewCond(&s.mu)
	return s
}
func (s *S) Put(k string) {
	s.cond.L.Lock()
	defer s.cond.L.Unlock()
	s.m[k]++
	s.cond.Broadcast()
}
func (s *S) Take(k string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.m[k] == 0 {
		s.cond.Wait()
	}
	s.m[k]--
}
