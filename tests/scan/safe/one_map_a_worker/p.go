package p

import "sync"

func F(xs []string) map[string]int {
	parts := make([]map[string]int, 4)
	var wg sync.WaitGroup
	for i := range parts {
		parts[i] = map[string]int{}
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for _, x := range xs {
				parts[i][x] = len(x)
			}
		}(i)
	}
	wg.Wait()
	all := map[string]int{}
	for _, p := range parts {
		for k, v := range p {
			all[k] += v
		}
	}
	return all
}
