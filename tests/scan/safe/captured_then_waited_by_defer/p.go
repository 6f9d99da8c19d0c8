package p

import "sync"

func F(xs []string) (n int) {
	counts := map[string]int{}
	func() {
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for _, x := range xs {
				counts[x]++
			}
		}()
	}()
	counts["all"] = len(xs)
	return len(counts)
}
