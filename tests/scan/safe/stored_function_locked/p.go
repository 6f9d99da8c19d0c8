package p

import "sync"

type worker struct {
	in   chan string
	mu   sync.Mutex
	each func(string)
}

func newWorker(each func(string)) *worker {
	return &worker{in: make(chan string), each: each}
}
func (w *worker) Run(n int) {
	for i := 0; i < n; i++ {
		go w.loop()
	}
}
func (w *worker) loop() {
	for k := range w.in {
		w.mu.Lock()
		w.each(k)
		w.mu.Unlock()
	}
}

type Index struct {
	seen map[string]bool
	w    *worker
}

func NewIndex() *Index {
	x := &Index{seen: map[string]bool{}}
	x.w = newWorker(x.note)
	x.w.Run(4)
	return x
}
func (x *Index) note(k string) { x.seen[k] = true }
func (x *Index) Put(k string)  { x.w.in <- k }
