package p

import (
	"sync"
)

var mu sync.Mutex
var m = map[string]int{}

func init()            { m["a"] = 1 }
func Get(k string) int { mu.Lock(); defer mu.Unlock(); return m[k] }
