package p

import "net/http"

func NewServer() *http.Server {
	seen := map[string]bool{}
	return &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = true // want captured-local
	})}
}
