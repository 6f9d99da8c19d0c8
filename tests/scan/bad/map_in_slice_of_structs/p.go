package p

import "sync"

type item struct{ tags map[string]string }
type S struct {
	mu    sync.Mutex
	items []item
}

func (s *S) Tag(i int, k string)        { s.mu.Lock(); defer s.mu.Unlock(); s.items[i].tags[k] = "x" }
func (s *S) Get(i int, k string) string { s.mu.Lock(); defer s.mu.Unlock(); return s.items[i].tags[k] }
func (s *S) Untag(i int, k string) {
	delete(s.items[i].tags, k) // want inconsistent-lock
}
