package p

import "net/http"

// One store for all requests: it is made when the server is.
type store struct{ hits map[string]int }

func (s *store) note(k string) {
	s.hits[k]++ // want unguarded-shared
}

type server struct{ st *store }

func newServer() *server {
	return &server{st: &store{hits: map[string]int{}}}
}
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.st.note(r.Method)
}

func Handler() http.Handler { return newServer() }
