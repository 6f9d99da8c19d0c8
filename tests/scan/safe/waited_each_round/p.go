package p

import (
	"sync"
)

func F(xs []string) {
	m := map[string]int{}
	for _, x := range xs {
		var wg sync.WaitGroup
		wg.Add(1)
		go func(x string) {
			defer wg.Done()
			m[x] = 1
		}(x)
		wg.Wait()
	}
}
