package p

import (
	"net/http"
	"sync"
)

type SafeMap struct {
	mu sync.RWMutex
	m  map[string]int
}

func (s *SafeMap) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *SafeMap) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m[k] }

type Server struct{ seen SafeMap }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.seen.Set(r.URL.Path)
	go s.seen.Set("x")
}
