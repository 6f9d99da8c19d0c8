package p

import "net/http"

type store struct{ hits map[string]int }

func (s *store) note(k string) { s.hits[k]++ }

func newStore() *store { return &store{hits: map[string]int{}} }

type server struct{ path string }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := newStore()
	st.note(r.Method)
	st.note(s.path)
}

func Handler() http.Handler { return &server{"/"} }
