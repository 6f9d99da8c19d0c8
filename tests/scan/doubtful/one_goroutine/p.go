package p

import "sync"

type watcher struct {
	mu    sync.Mutex
	state map[string]int
	in    chan string
}

func Watch(in chan string) {
	w := &watcher{state: map[string]int{}, in: in}
	go w.loop()
}
func (w *watcher) loop() {
	for k := range w.in {
		w.state[k]++ // want inconsistent-lock
		w.scan()
	}
}
func (w *watcher) scan() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.state {
		if w.state[k] == 9 {
			delete(w.state, k)
		}
	}
}
