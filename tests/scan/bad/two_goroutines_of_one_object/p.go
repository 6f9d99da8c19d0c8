package p

type S struct {
	m    map[string]int
	work chan string
}

func (s *S) Start() {
	go s.reader()
	go s.writer()
}

func (s *S) reader() {
	for k := range s.work {
		s.m[k]++ // want unguarded-shared
	}
}

func (s *S) writer() {
	for {
		for k := range s.m {
			delete(s.m, k) // want unguarded-shared
		}
	}
}
