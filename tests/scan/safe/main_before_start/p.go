package main

import (
	"fmt"
	"sync"
)

var conf = map[string]int{}

func load() { conf["a"] = 1 }

func main() {
	load()
	conf["b"] = 2
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_ = fmt.Sprint(conf["a"])
		}()
	}
	wg.Wait()
}
