package p

type S struct{ m map[string]int }

func (s *S) loop() {
	for {
		s.m["loop"]++ // want unguarded-shared
	}
}

func New() *S {
	s := &S{m: map[string]int{}}
	go s.loop()
	s.m["ready"] = 1 // want unguarded-shared
	return s
}
