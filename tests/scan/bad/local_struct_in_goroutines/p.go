package p

import "sync"

type result struct{ byName map[string]int }

func F(xs []string) result {
	res := result{byName: map[string]int{}}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			res.byName[x] = len(x) // want captured-local
		}()
	}
	wg.Wait()
	return res
}
