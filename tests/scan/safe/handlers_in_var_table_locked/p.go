package p

import (
	"net/http"
	"sync"
)

var (
	mu   sync.Mutex
	hits = map[string]int{}
)

// Built by a function that runs once, before anything else.
var names = func() map[string]string {
	m := make(map[string]string)
	for _, n := range []string{"count", "forget"} {
		m["/"+n] = n
	}
	return m
}()

var Routes = map[string]http.HandlerFunc{
	"/count": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hits[names[r.URL.Path]]++
		mu.Unlock()
	},
	"/forget": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		delete(hits, names[r.URL.Path])
	},
}
