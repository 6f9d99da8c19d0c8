package p

import "sync"

type R struct {
	mu sync.Mutex
	m  map[string]int
}

func (r *R) finish() { delete(r.m, "") }
func Run(ks []string) map[string]int {
	r := &R{m: map[string]int{}}
	var wg sync.WaitGroup
	for _, k := range ks {
		wg.Add(1)
		go func() { defer wg.Done(); r.mu.Lock(); r.m[k]++; r.mu.Unlock() }()
	}
	wg.Wait()
	r.finish()
	return r.m
}
