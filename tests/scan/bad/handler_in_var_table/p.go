package p

import (
	"net/http"
	"sync"
)

var (
	mu   sync.Mutex
	hits = map[string]int{}
	seen = map[string]bool{}
)

var Routes = map[string]http.HandlerFunc{
	"/count": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		hits[r.URL.Path]++
	},
	"/add": func(w http.ResponseWriter, r *http.Request) {
		hits[r.URL.Path] += 2 // want inconsistent-lock
	},
	"/see": func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = true // want unguarded-shared
	},
}
