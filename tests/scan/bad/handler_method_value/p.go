package p

import "net/http"

type Server struct{ hits map[string]int }

func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	s.hits[r.URL.Path]++ // want unguarded-shared
}

func (s *Server) Routes(mux *http.ServeMux) {
	mux.HandleFunc("/", s.count)
}
