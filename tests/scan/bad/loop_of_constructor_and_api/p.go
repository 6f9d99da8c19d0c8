package p

type Loop struct {
	ops chan func()
	m   map[string]int
}

func New() *Loop { l := &Loop{ops: make(chan func()), m: map[string]int{}}; go l.run(); return l }
func (l *Loop) run() {
	for f := range l.ops {
		f()
		l.m["ticks"]++ // want unguarded-shared
	}
}
func (l *Loop) Get(k string) int { return l.m[k] }
