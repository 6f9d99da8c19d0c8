package p

import "sync"

type R struct {
	mu sync.Mutex
	wg sync.WaitGroup
	m  map[string]int
}

func (r *R) all(ks []string) {
	for _, k := range ks {
		r.wg.Add(1)
		go func() { defer r.wg.Done(); r.mu.Lock(); defer r.mu.Unlock(); r.m[k]++ }()
	}
	r.wg.Wait()
}
func Run(ks []string) int { r := &R{m: map[string]int{}}; r.all(ks); r.m["end"] = 1; return len(r.m) }
