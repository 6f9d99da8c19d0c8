package p

import (
	"sync"
)

var mu sync.Mutex
var m = map[string]int{}

func Set(k string)     { mu.Lock(); m[k] = 1; mu.Unlock() }
func Get(k string) int { return m[k] } // want unlocked-read
