package p

type S struct {
	sem chan struct{}
	m   map[string]int
}

func New() *S { return &S{make(chan struct{}, 1), map[string]int{}} }
func (s *S) set(k string) {
	s.sem <- struct{}{}
	s.m[k] = 1
	<-s.sem
}
func (s *S) get(k string) int {
	s.sem <- struct{}{}
	defer func() { <-s.sem }()
	return s.m[k]
}
