package p

func Produce(out chan<- map[string]int) {
	for i := range 100 {
		m := map[string]int{}
		m["n"] = i
		out <- m
	}
}
