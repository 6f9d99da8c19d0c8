package p

var byName = index([]string{"a", "b"})

func index(xs []string) map[string]int {
	m := map[string]int{}
	for i, x := range xs {
		m[x] = i
	}
	return m
}

var other = func() map[string]int {
	m := map[string]int{}
	m["x"] = 1
	return m
}()

func Get(k string) int { return byName[k] + other[k] }
