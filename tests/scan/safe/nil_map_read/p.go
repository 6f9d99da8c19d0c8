package p

type S struct{ m map[string]int }

func (s *S) Get(k string) int {
	var none map[string]int
	delete(none, k)
	return none[k] + s.m[k] + len(s.m)
}
