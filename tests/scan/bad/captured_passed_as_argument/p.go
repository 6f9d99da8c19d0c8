package p

import (
	"sync"
)

func fill(m map[string]int, k string) { m[k] = 1 }
func F(xs []string) {
	r := map[string]int{}
	var wg sync.WaitGroup
	for _, x := range xs {
		go fill(r, x) // want captured-local
	}
	wg.Wait()
}
