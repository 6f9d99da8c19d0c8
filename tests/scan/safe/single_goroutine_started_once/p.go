package p

import "time"

type S struct {
	events chan string
	stop   chan struct{}
}

func (s *S) run() {
	seen := map[string]int{}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case e := <-s.events:
			seen[e]++
		case <-t.C:
			for k := range seen {
				delete(seen, k)
			}
		case <-s.stop:
			return
		}
	}
}

func Start() *S {
	s := &S{make(chan string), make(chan struct{})}
	go s.run()
	return s
}
