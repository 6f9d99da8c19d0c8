package p

import (
	"sync"
)

func F() {
	r := map[string]int{}
	go func() {
		for range r {
		}
	}()
	r["x"] = 1 // want captured-local
	var mu sync.Mutex
	mu.Lock()
	mu.Unlock()
}
