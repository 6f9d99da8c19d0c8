package p

import "sync"

func F(xs []string) int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	m := map[string]int{}
	for _, x := range xs {
		wg.Add(1)
		go func() {
			go func() {
				defer wg.Done()
				mu.Lock()
				defer mu.Unlock()
				m[x] = 1
			}()
		}()
	}
	wg.Wait()
	return len(m)
}
