package p

type Step interface {
	Do(k string)
	Name() string
}

type Counter struct{ n map[string]int }

func NewCounter() *Counter      { return &Counter{n: map[string]int{}} }
func (c *Counter) Name() string { return "counter" }
func (c *Counter) Do(k string) {
	c.n[k]++ // want unguarded-shared
}

func RunAll(steps []Step, keys []string) {
	for _, k := range keys {
		for _, s := range steps {
			go s.Do(k)
		}
	}
}
