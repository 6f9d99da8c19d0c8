package p

import (
	"sync"
)

type C[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func (c *C[K, V]) Set(k K, v V) { c.mu.Lock(); c.m[k] = v; c.mu.Unlock() }
func (c *C[K, V]) Get(k K) V    { return c.m[k] } // want unlocked-read
