package p

import "sync"

var (
	mu    sync.Mutex
	cache = map[string]int{}
)

func Get(k string) int {
	if v, ok := cache[k]; ok { // want unlocked-read
		return v
	}
	mu.Lock()
	defer mu.Unlock()
	if v, ok := cache[k]; ok {
		return v
	}
	cache[k] = len(k)
	return len(k)
}

func Drop(k string) { mu.Lock(); defer mu.Unlock(); delete(cache, k) }
