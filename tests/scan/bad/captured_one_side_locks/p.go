package p

import "sync"

func F() int {
	var mu sync.Mutex
	r := map[string]int{}
	done := make(chan bool, 1)
	go func() {
		mu.Lock()
		r["a"] = 1 // want captured-local
		mu.Unlock()
		done <- true
	}()
	n := len(r)
	<-done
	return n
}
