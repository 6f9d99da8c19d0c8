package p

import (
	"net/http"
	"sync"
)

type Client struct {
	mu     sync.Mutex
	header http.Header
}

func (c *Client) Token(t string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header.Set("Authorization", t)
}

func (c *Client) Apply(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, v := range c.header {
		r.Header[k] = v
	}
}

func (c *Client) Agent(a string) {
	c.header.Set("User-Agent", a) // want inconsistent-lock
}
