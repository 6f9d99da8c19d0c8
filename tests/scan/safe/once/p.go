package p

import (
	"sync"
)

var once sync.Once
var m map[string]int

func load() map[string]int {
	once.Do(func() {
		m = map[string]int{}
		m["a"] = 1
	})
	return m
}
