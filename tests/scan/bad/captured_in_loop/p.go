package p

import (
	"sync"
)

func F(xs []string) map[string]int {
	r := map[string]int{}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func(x string) {
			defer wg.Done()
			r[x] = 1 // want captured-local
		}(x)
	}
	wg.Wait()
	return r
}
