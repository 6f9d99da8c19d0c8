package p

func produce(out chan<- map[string]int) {
	m := map[string]int{}
	for i := range 100 {
		m["n"] = i // want unguarded-shared
		out <- m
	}
}

func consume(in <-chan map[string]int) (n int) {
	for m := range in {
		n += m["n"]
	}
	return n
}
