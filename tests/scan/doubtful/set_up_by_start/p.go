package p

import "sync"

type Watcher struct {
	mu    sync.Mutex
	known map[string]bool
	in    chan string
}

func New(names ...string) *Watcher {
	return &Watcher{known: map[string]bool{}, in: make(chan string)}
}
func (w *Watcher) Start(names []string) {
	w.load(names)
	for k := range w.known { // want unlocked-read
		println(k)
	}
	go w.loop()
}
func (w *Watcher) load(names []string) {
	for _, n := range names {
		w.known[n] = true // want inconsistent-lock
	}
}
func (w *Watcher) loop() {
	for n := range w.in {
		w.mu.Lock()
		w.known[n] = true
		w.mu.Unlock()
	}
}
func (w *Watcher) Known(n string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known[n]
}
