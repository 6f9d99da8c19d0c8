package p

import "sync"

type Hub struct {
	mu    sync.Mutex
	conns map[string]bool
	in    chan string
}

func (h *Hub) Start() {
	for {
		k, ok := <-h.in
		if !ok {
			return
		}
		h.drop(k)
	}
}
func (h *Hub) drop(k string) {
	delete(h.conns, k) // want inconsistent-lock
}
func (h *Hub) Add(k string) {
	h.mu.Lock()
	h.conns[k] = true
	h.mu.Unlock()
}
func (h *Hub) Has(k string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[k]
}
