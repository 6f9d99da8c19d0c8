package p

import (
	"net/http"
	"sync"
)

func F() {
	seen := map[string]int{}
	var once sync.Once
	once.Do(func() {})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path]++ // want captured-local
	})
}
