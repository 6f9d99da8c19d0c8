package p

import "sync"

func F() int {
	a, b := map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	wg.Go(func() { a["x"] = 1 })
	wg.Go(func() { b["x"] = 2 })
	wg.Wait()
	a["y"] = b["x"]
	return len(a)
}
