package main

import "time"

var state = map[string]int{"a": 0}

func poll() {
	for {
		state["poll"]++ // want unguarded-shared
		time.Sleep(time.Microsecond)
	}
}

func main() {
	state["start"] = 1
	go poll()
	for i := 0; i < 1000; i++ {
		state["main"]++ // want unguarded-shared
		time.Sleep(time.Microsecond)
	}
}
