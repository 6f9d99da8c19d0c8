package p

var seen = map[string]int{}

type worker struct{ name string }

func (w *worker) run(n int) {
	for i := 0; i < n; i++ {
		seen[w.name]++ // want unguarded-shared
	}
}

func Start(names []string) {
	for _, name := range names {
		w := &worker{name: name}
		go w.run(10)
	}
}
