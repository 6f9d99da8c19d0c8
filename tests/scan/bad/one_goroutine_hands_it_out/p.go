package p

import "sync"

type Watcher struct {
	mu    sync.Mutex
	state map[string]int
	in    chan string
}

func (w *Watcher) State() map[string]int { return w.state }

func Watch(in chan string) *Watcher {
	w := &Watcher{state: map[string]int{}, in: in}
	go w.loop()
	return w
}
func (w *Watcher) loop() {
	for k := range w.in {
		w.state[k]++ // want inconsistent-lock
		w.scan()
	}
}
func (w *Watcher) scan() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.state {
		if w.state[k] == 9 {
			delete(w.state, k)
		}
	}
}
