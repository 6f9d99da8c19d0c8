package p

import (
	"net/http"
	"sync"
)

var (
	once sync.Once
	m    map[string]int
)

func load() map[string]int {
	once.Do(func() { m = map[string]int{"a": 1} })
	return m
}

func Serve(w http.ResponseWriter, r *http.Request) {
	load()
	m[r.URL.Path]++ // want unguarded-shared
}
