package p

func F(xs []string) map[string]int {
	type kv struct {
		k string
		v int
	}
	ch := make(chan kv)
	for _, x := range xs {
		go func() { ch <- kv{x, len(x)} }()
	}
	r := map[string]int{}
	for range xs {
		p := <-ch
		r[p.k] = p.v
	}
	return r
}
