package p

import "sync"

type State struct {
	mu   sync.Mutex
	Seen map[string]bool
}
type Store interface{ Get(k string) *State }
type Reader struct{ store Store }

func (r *Reader) Mark(k string) {
	r.store.Get(k).mu.Lock()
	r.store.Get(k).Seen[k] = true
	r.store.Get(k).mu.Unlock()
}
func (r *Reader) Marked(k string) bool {
	s := r.store.Get(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Seen[k]
}
