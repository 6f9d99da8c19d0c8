package p

import (
	"sync"

	"example.org/bus"
)

type counter struct {
	mu      sync.Mutex
	byTopic map[string]int
}

func (c *counter) onMessage(topic string, _ []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byTopic[topic]++
}

func Start(b *bus.Bus) {
	c := &counter{byTopic: map[string]int{}}
	b.Subscribe("a", c.onMessage)
	b.Subscribe("b", c.onMessage)
}
