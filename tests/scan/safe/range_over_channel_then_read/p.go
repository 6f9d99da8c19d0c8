package p

func F(xs []string) map[string]int {
	ch := make(chan string)
	done := make(chan struct{})
	r := map[string]int{}
	go func() {
		defer close(done)
		for x := range ch {
			r[x]++
		}
	}()
	for _, x := range xs {
		ch <- x
	}
	close(ch)
	<-done
	delete(r, "")
	return r
}
