package p

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func Routes(r chi.Router) {
	last := make(map[string]string)
	r.Route("/users", func(r chi.Router) {
		r.Post("/{id}", func(w http.ResponseWriter, q *http.Request) {
			last[q.URL.Path] = q.RemoteAddr // want captured-local
		})
	})
}
