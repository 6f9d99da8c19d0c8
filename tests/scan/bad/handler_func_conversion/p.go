package p

import "net/http"

type S struct{ hits map[string]int }

func (s *S) count(w http.ResponseWriter, r *http.Request) {
	s.hits[r.URL.Path]++ // want unguarded-shared
}

func Routes(mux *http.ServeMux, s *S) { mux.Handle("/", http.HandlerFunc(s.count)) }
