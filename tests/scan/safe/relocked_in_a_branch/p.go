package p

import "sync"

type W struct {
	mu sync.Mutex
	m  map[string]*int
}

func (w *W) pause() {
	w.mu.Unlock()
	defer w.mu.Lock()
	println("others may go on")
}
func (w *W) ensure(k string) {
	if _, ok := w.m[k]; !ok {
		w.m[k] = new(int)
		w.pause()
	}
}
func (w *W) Get(k string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ensure(k)
	return *w.m[k]
}
func (w *W) Put(k string) {
	w.mu.Lock()
	w.m[k] = new(int)
	w.mu.Unlock()
}
