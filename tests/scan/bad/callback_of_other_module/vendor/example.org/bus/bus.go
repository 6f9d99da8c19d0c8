// Package bus calls each subscriber in a goroutine of its own.
package bus

type Bus struct{ subs []func(string, []byte) }

func (b *Bus) Subscribe(topic string, f func(string, []byte)) { b.subs = append(b.subs, f) }
func (b *Bus) Publish(topic string) {
	for _, f := range b.subs {
		go f(topic, nil)
	}
}
