package p

type Hub struct {
	conns map[string]bool
	in    chan string
}

func (h *Hub) Start() { go h.loop() }
func (h *Hub) loop() {
	for k := range h.in {
		delete(h.conns, k) // want unguarded-shared
	}
}
func (h *Hub) Add(k string) {
	h.conns[k] = true // want unguarded-shared
}
