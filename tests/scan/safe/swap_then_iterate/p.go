package p

import "sync"

type S struct {
	mu    sync.Mutex
	dirty map[string]int
}

func (s *S) Mark(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.dirty[k]++ }
func (s *S) take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dirty
	s.dirty = map[string]int{}
	return d
}
func (s *S) Flush() (n int) {
	d := s.take()
	for k, v := range d {
		n += v
		delete(d, k)
	}
	return n
}
