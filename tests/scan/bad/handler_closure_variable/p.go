package p

import "net/http"

func Routes() {
	cache := map[string]string{}
	handler := func(w http.ResponseWriter, r *http.Request) {
		cache[r.URL.Path] = r.Host // want captured-local
	}
	http.HandleFunc("/cache", handler)
}
