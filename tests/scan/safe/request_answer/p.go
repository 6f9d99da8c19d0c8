package p

func F(xs []string) int {
	m := map[string]int{}
	ask, answer := make(chan string), make(chan int)
	go func() {
		for k := range ask {
			m[k]++
			answer <- m[k]
		}
	}()
	n := 0
	for _, x := range xs {
		ask <- x
		n += <-answer
	}
	close(ask)
	return n
}
