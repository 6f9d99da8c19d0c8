package p

import "sync"

// Config is loaded by one goroutine; one late write takes a lock all the same.
type Config struct {
	mu     sync.Mutex
	unused map[string]bool
}

func New() *Config { return &Config{unused: map[string]bool{}} }
func (c *Config) Miss(k string) {
	c.mu.Lock()
	c.unused[k] = true
	c.mu.Unlock()
}
func (c *Config) Load(keys []string) (left []string) {
	for _, k := range keys {
		if !c.unused[k] { // want unlocked-read
			c.Miss(k)
		}
	}
	for k := range c.unused { // want unlocked-read
		left = append(left, k)
	}
	return left
}
