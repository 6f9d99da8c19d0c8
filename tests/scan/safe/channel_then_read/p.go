package p

import (
	"sync"
)

func F() int {
	var once sync.Once
	once.Do(func() {})
	r := map[string]int{}
	done := make(chan bool)
	go func() {
		r["x"] = 1
		close(done)
	}()
	<-done
	r["y"] = 2
	return len(r)
}
