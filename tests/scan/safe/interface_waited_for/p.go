package p

import "sync"

// Each round runs its tables side by side and waits for them; no table is in two goroutines.
type table interface {
	set(k string)
	apply()
}

type rows struct{ todo, done map[string]bool }

func (r *rows) set(k string) { r.todo[k] = true }
func (r *rows) apply() {
	for k := range r.todo {
		delete(r.todo, k)
		r.done[k] = true
	}
}

type plane struct {
	in     chan string
	tables []table
}

func New() *plane {
	p := &plane{in: make(chan string)}
	p.tables = append(p.tables, &rows{map[string]bool{}, map[string]bool{}})
	go p.loop()
	return p
}
func (p *plane) loop() {
	for k := range p.in {
		for _, t := range p.tables {
			t.set(k)
		}
		p.apply()
	}
}
func (p *plane) apply() {
	var wg sync.WaitGroup
	for _, t := range p.tables {
		wg.Add(1)
		go func(t table) {
			defer wg.Done()
			t.apply()
		}(t)
	}
	wg.Wait()
}
func (p *plane) Put(k string) { p.in <- k }
