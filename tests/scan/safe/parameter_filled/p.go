package p

import (
	"sync"
)

func fill(m map[string]int) { m["x"] = 1 }
func F() int {
	var mu sync.Mutex
	mu.Lock()
	mu.Unlock()
	m := map[string]int{}
	fill(m)
	return len(m)
}
