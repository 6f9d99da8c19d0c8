package p

import "sync"

type State struct {
	mu   sync.Mutex
	seen map[string]bool
}

var states = map[string]*State{"a": {seen: map[string]bool{}}, "b": {seen: map[string]bool{}}}

func find(k string) *State {
	if s, ok := states[k]; ok {
		return s
	}
	return states["b"]
}
func Mark(k string) {
	s := find(k)
	s.mu.Lock()
	s.seen[k] = true
	s.mu.Unlock()
}
func Forget(k string) {
	delete(find(k).seen, k) // want inconsistent-lock
}
