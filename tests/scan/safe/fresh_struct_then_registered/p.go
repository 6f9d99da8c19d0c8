package p

import "sync"

type item struct{ tags map[string]string }
type S struct {
	mu    sync.Mutex
	items map[string]*item
}

func (s *S) Add(k string) {
	it := &item{tags: make(map[string]string)}
	it.tags["name"] = k
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[k] = it
}

func (s *S) Tag(k, t, v string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[k].tags[t] = v
}
