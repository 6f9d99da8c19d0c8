package p

import "time"

func F(d time.Duration) int {
	r := map[string]int{}
	done := make(chan bool)
	go func() {
		for i := 0; i < 1000; i++ {
			r["a"] = i // want captured-local
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(d):
	}
	return len(r)
}
