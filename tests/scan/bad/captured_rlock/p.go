package p

import "sync"

func F(xs []string) map[string]int {
	var mu sync.RWMutex
	var wg sync.WaitGroup
	r := map[string]int{}
	for _, x := range xs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.RLock()
			defer mu.RUnlock()
			r[x] = 1 // want write-under-rlock
		}()
	}
	wg.Wait()
	return r
}
