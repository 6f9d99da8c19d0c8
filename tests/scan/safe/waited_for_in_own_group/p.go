package p

import "sync"

type W struct {
	wg  sync.WaitGroup
	mu  sync.Mutex
	res map[string]int
}

func (w *W) spawn(k string) {
	w.wg.Add(1)
	go func() { defer w.wg.Done(); w.mu.Lock(); w.res[k]++; w.mu.Unlock() }()
}
func Run(ks []string) map[string]int {
	w := &W{res: map[string]int{}}
	for _, k := range ks {
		w.spawn(k)
	}
	w.wg.Wait()
	delete(w.res, "")
	return w.res
}
