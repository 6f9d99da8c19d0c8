package p

import "net/http"

type S struct{ hits map[string]int }

func (s *S) handler() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.hits[r.URL.Path]++ // want captured-local
	}
}
