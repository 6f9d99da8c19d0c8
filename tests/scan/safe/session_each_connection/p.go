package p

import (
	"bufio"
	"net"
)

type session struct {
	c    net.Conn
	vars map[string]string
}

func (s *session) serve() {
	sc := bufio.NewScanner(s.c)
	for sc.Scan() {
		s.set(sc.Text(), "1")
	}
}
func (s *session) set(k, v string) { s.vars[k] = v }
func Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s := &session{c, map[string]string{}}
		go s.serve()
	}
}
