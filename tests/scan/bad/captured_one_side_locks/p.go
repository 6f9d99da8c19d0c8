package p

import "sync"

func F() int {
	var mu sync.Mutex
	r := map[string]int{}
	done := make(chan bool, 1)
	go func() {
		mu.Lock()
		r["a"] = 1
		mu.Unlock()
		done <- true
	}()
	n := len(r) // want captured-local
	<-done
	return n
}
