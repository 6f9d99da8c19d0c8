package p

import (
	"sync"
)

func F(xs []string) {
	var wg sync.WaitGroup
	for _, x := range xs {
		m := map[string]int{}
		wg.Add(1)
		go func(x string) {
			defer wg.Done()
			m[x] = 1
		}(x)
	}
	wg.Wait()
}
