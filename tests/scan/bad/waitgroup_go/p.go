package p

import "sync"

func F(xs []string) map[string]int {
	r := map[string]int{}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() {
			r[x] = len(x) // want captured-local
		})
	}
	wg.Wait()
	return r
}
