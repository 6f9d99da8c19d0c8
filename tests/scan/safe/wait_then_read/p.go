package p

import (
	"sync"
)

func F(xs []string) int {
	r := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func(x string) {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			r[x] = 1
		}(x)
	}
	wg.Wait()
	r["all"] = 1
	return len(r)
}
