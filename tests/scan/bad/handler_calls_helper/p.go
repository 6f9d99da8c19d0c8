package p

import "net/http"

type registry struct{ seen map[string]bool }

func (r *registry) mark(k string) {
	r.seen[k] = true // want unguarded-shared
}

type Server struct{ reg *registry }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.reg.mark(r.URL.Path)
}
