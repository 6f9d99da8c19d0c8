package p

import "sync"

var pool = sync.Pool{New: func() any { return map[string]int{} }}

func Count(xs []string) int {
	m := pool.Get().(map[string]int)
	defer pool.Put(m)
	clear(m)
	for _, x := range xs {
		m[x]++
	}
	return len(m)
}
