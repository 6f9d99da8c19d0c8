package p

import "sync"

type Pool struct{ wg sync.WaitGroup }

func (p *Pool) Run(f func()) { p.wg.Go(f) }

func All(ks []string) map[string]bool {
	r := map[string]bool{}
	var mu sync.Mutex
	var p Pool
	for _, k := range ks {
		p.Run(func() {
			mu.Lock()
			r[k] = true
			mu.Unlock()
		})
	}
	p.wg.Wait()
	return r
}
