package p

import "example.org/bus"

type counter struct{ byTopic map[string]int }

func (c *counter) onMessage(topic string, _ []byte) {
	c.byTopic[topic]++ // want unguarded-shared
}

func Start(b *bus.Bus) {
	c := &counter{byTopic: map[string]int{}}
	b.Subscribe("a", c.onMessage)
	b.Subscribe("b", c.onMessage)
}
