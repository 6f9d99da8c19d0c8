package main

import "sync"

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}

func (c *Cache) Inc(k string) {
	c.mu.Lock()
	c.m[k]++
	c.mu.Unlock()
}
func (c *Cache) Get(k string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[k]
}
func (c *Cache) Fill(m map[string]int) {
	for k, n := range m {
		c.m[k] = n // want inconsistent-lock
	}
}
func main() {
	c := &Cache{m: map[string]int{}}
	go c.Inc("a")
	c.Get("a")
}
