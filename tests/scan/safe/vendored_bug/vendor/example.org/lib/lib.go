// Package lib has a bug that is not ours.
package lib

import "sync"

var mu sync.Mutex
var m = map[string]int{}

func Set(k string)     { mu.Lock(); defer mu.Unlock(); m[k] = 1 }
func Del(k string)     { mu.Lock(); defer mu.Unlock(); delete(m, k) }
func Get(k string) int { return m[k] }
