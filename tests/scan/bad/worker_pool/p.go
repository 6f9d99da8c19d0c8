package p

import "sync"

type Pool struct {
	done map[int]bool
	jobs chan int
}

func (p *Pool) worker(wg *sync.WaitGroup) {
	defer wg.Done()
	for j := range p.jobs {
		p.done[j] = true // want unguarded-shared
	}
}

func (p *Pool) Run(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go p.worker(&wg)
	}
	wg.Wait()
}
