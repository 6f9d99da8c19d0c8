package p

import "sync"

type C struct {
	mu  sync.Mutex
	all map[string]int

	tokensMu sync.Mutex
	// Access must be protected by mu.
	tokens map[string]string
}

func (c *C) Set(k, v string) {
	c.tokensMu.Lock()
	c.tokens[k] = v
	c.tokensMu.Unlock()
}
func (c *C) Get(k string) string {
	c.tokensMu.Lock()
	defer c.tokensMu.Unlock()
	return c.tokens[k]
}
func (c *C) Count(k string) {
	c.mu.Lock()
	c.all[k]++
	c.mu.Unlock()
}
