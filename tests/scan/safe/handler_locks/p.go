package p

import (
	"net/http"
	"sync"
)

type Server struct {
	mu   sync.Mutex
	hits map[string]int
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits[r.URL.Path]++
}

func Routes(mux *http.ServeMux) {
	var mu sync.Mutex
	seen := map[string]int{}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.URL.Path]++
		mu.Unlock()
	})
}
