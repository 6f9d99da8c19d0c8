package p

import "sync"

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}

func (c *Cache) Set(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = 1
}
func (c *Cache) Add(k string) {
	m := c.m
	if m == nil {
		m = make(map[string]int)
		c.m = m
	}
	m[k]++ // want inconsistent-lock
}
