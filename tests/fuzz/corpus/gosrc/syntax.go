//go:build linux && !cgo

// Package p has one of each.
package p

import (
	. "fmt"
	x "sync"
)

type G[K comparable, V ~[]int | map[K]int] struct {
	*x.Mutex `tag:"a"`
	a, b     [4]chan<- <-chan K
	f        func(K, ...V) (n int, err error)
}

func (g *G[K, V]) M(k K, vs ...V) (r V) {
outer:
	for i, v := range vs {
		switch t := any(v).(type) {
		case []int, nil:
			continue outer
		default:
			_ = t
		}
		select {
		case y, ok := <-make(chan int):
			_, _ = y, ok
		default:
			defer func() { recover() }()
		}
		if z := i << 3 &^ 1; z >= 0x1p-2 || !false {
			goto end
		} else if v := r; len(v) > 0 {
			go g.M(k, v)
		}
	}
end:
	for range 3 {
		r = V(nil)[1:2:3]
	}
	return map[string]V{"a\x00": {}, `b`: *new(V)}["a"]
}
