package p

import "net/http"

func Count(next http.Handler) http.Handler {
	seen := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path]++ // want captured-local
		next.ServeHTTP(w, r)
	})
}
