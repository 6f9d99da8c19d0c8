package p

import "net/http"

type Server struct{ hits map[string]int }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.hits[r.URL.Path]++ // want unguarded-shared
}
