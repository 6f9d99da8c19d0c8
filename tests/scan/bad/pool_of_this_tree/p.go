package p

import "sync"

type Pool struct{ wg sync.WaitGroup }

func (p *Pool) Run(f func()) { p.wg.Go(f) }

func All(ks []string) map[string]bool {
	r := map[string]bool{}
	var p Pool
	for _, k := range ks {
		p.Run(func() { r[k] = true }) // want captured-local
	}
	p.wg.Wait()
	return r
}
