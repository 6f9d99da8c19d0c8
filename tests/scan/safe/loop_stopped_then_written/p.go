package p

import "sync"

type P struct {
	mu   sync.Mutex
	m    map[string]int
	in   chan string
	done chan struct{}
}

func (p *P) loop() {
	defer close(p.done)
	for k := range p.in {
		p.mu.Lock()
		p.m[k]++
		p.mu.Unlock()
	}
}
func Run(ks []string) map[string]int {
	p := &P{m: map[string]int{}, in: make(chan string), done: make(chan struct{})}
	go p.loop()
	for _, k := range ks {
		p.in <- k
	}
	close(p.in)
	<-p.done
	p.m["end"]++
	return p.m
}
