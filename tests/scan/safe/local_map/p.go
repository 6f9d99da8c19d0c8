package p

import (
	"sync"
)

func F(xs []string) int {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	m := map[string]int{}
	for _, x := range xs {
		m[x]++
	}
	return len(m)
}
