package p

type Step interface {
	Do(k string)
	Name() string
}

// No Step: it has no Name.
type counter struct{ n map[string]int }

func (c *counter) Do(k string) { c.n[k]++ }

func Count(keys []string) int {
	c := &counter{n: map[string]int{}}
	for _, k := range keys {
		c.Do(k)
	}
	return len(c.n)
}

func RunAll(steps []Step, keys []string) {
	for _, k := range keys {
		for _, s := range steps {
			go s.Do(k)
		}
	}
}
