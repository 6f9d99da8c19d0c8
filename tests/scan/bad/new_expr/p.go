package p

import "sync"

func F() int {
	p := new(make(map[string]int))
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			(*p)["a"]++ // want captured-local
		}()
	}
	wg.Wait()
	return len(*p)
}
