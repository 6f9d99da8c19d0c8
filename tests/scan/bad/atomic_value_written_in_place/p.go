package p

import (
	"net/http"
	"sync/atomic"
)

type S struct{ conf atomic.Value }

func New() *S {
	s := &S{}
	s.conf.Store(map[string]string{})
	return s
}

func (s *S) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := s.conf.Load().(map[string]string)
	m[r.URL.Path] = "x" // want unguarded-shared
}
