package p

import (
	"sync"
)

func F() {
	r := map[string]int{}
	var wg sync.WaitGroup
	wg.Add(2)
	go func() { r["a"] = 1; wg.Done() }() // want captured-local
	go func() { r["b"] = 1; wg.Done() }() // want captured-local
	wg.Wait()
}
