package p

import (
	"sync"
)

var reg = struct {
	sync.Mutex
	m map[string]int
}{m: map[string]int{}}

func Set(k string) { reg.Lock(); reg.m[k] = 1; reg.Unlock() }
func Del(k string) { delete(reg.m, k) } // want inconsistent-lock
