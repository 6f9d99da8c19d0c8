package p

// Only the loop is known to use the table; who asks for its size is not known.
type table struct{ m map[string]int }

func (t *table) put(k string) {
	t.m[k]++ // want unguarded-shared
}
func (t *table) Size() int { return len(t.m) }

type Loop struct {
	t  *table
	in chan string
}

var Default = New()

func New() *Loop {
	return &Loop{&table{map[string]int{}}, make(chan string)}
}
func (l *Loop) Start() { go l.run() }
func (l *Loop) run() {
	for k := range l.in {
		l.t.put(k)
	}
}
