package p

import (
	"sync"

	"google.golang.org/grpc/metadata"
)

type call struct {
	mu sync.Mutex
	md metadata.MD
}

func (c *call) Set(k, v string)       { c.mu.Lock(); defer c.mu.Unlock(); c.md.Set(k, v) }
func (c *call) Get(k string) []string { c.mu.Lock(); defer c.mu.Unlock(); return c.md[k] }
func (c *call) Add(k, v string) {
	c.md.Append(k, v) // want inconsistent-lock
}
