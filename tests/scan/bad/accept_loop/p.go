package p

import "net"

type Server struct{ conns map[net.Conn]bool }

func (s *Server) Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.handle(c)
	}
}

func (s *Server) handle(c net.Conn) {
	s.conns[c] = true        // want unguarded-shared
	defer delete(s.conns, c) // want unguarded-shared
	c.Write([]byte("hello"))
}
