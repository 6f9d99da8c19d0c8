package p

func F(xs []string, out chan<- int) {
	m := map[string]int{}
	for _, x := range xs {
		m[x]++
	}
	go func() {
		n := 0
		for _, v := range m {
			n += v
		}
		out <- n
	}()
}
