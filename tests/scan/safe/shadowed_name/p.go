package p

import "sync"

var mu sync.Mutex
var m = map[string]int{}

func Set(k string)     { mu.Lock(); defer mu.Unlock(); m[k] = 1 }
func Get(k string) int { mu.Lock(); defer mu.Unlock(); return m[k] }
func Count(xs []string) int {
	m := map[string]int{}
	for _, x := range xs {
		m[x]++
	}
	if len(m) > 1 {
		m := make(map[int]bool)
		m[1] = true
	}
	delete(m, "")
	return len(m)
}
