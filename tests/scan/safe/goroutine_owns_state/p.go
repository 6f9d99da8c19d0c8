package p

type S struct {
	m    map[string]int
	ops  chan func(map[string]int)
	stop chan bool
}

func New() *S {
	s := &S{m: map[string]int{}, ops: make(chan func(map[string]int)), stop: make(chan bool)}
	go s.loop()
	return s
}

func (s *S) loop() {
	for {
		select {
		case op := <-s.ops:
			op(s.m)
			s.m["ops"]++
		case <-s.stop:
			return
		}
	}
}

func (s *S) Set(k string) { s.ops <- func(m map[string]int) { m[k] = 1 } }
