package p

import (
	"maps"
	"sync"
)

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}

func (c *Cache) Set(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = 1
}
func (c *Cache) With(k string) map[string]int {
	c.mu.Lock()
	m := c.m
	m = maps.Clone(m)
	c.mu.Unlock()
	if m == nil {
		m = make(map[string]int)
	}
	m[k]++
	return m
}
