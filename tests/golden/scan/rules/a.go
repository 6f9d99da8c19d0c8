// Every rule once.
package a

import (
	"net/http"
	"sync"
)

type S struct {
	mu, nu sync.RWMutex
	m      map[string]int
}

func (s *S) Set(k string)   { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Del(k string)   { s.mu.Lock(); defer s.mu.Unlock(); delete(s.m, k) }
func (s *S) Len() int       { s.mu.RLock(); defer s.mu.RUnlock(); return len(s.m) }
func (s *S) Put(k string)   { s.m[k] = 1 }
func (s *S) Get(k string) int { return s.m[k] }
func (s *S) Inc(k string)   { s.mu.RLock(); defer s.mu.RUnlock(); s.m[k]++ }
func (s *S) Wrong(k string) { s.nu.Lock(); defer s.nu.Unlock(); s.m[k] = 2 }
func (s *S) All() map[string]int {
	s.mu.RLock()
	m := s.m
	s.mu.RUnlock()
	for range m {
	}
	return nil
}

func Captured(ks []string) {
	m := map[string]int{}
	for _, k := range ks {
		go func() { m[k] = 1 }()
	}
}

type Server struct{ hits map[string]int }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.hits[r.URL.Path]++ }
func (s *Server) Start()                                            { go s.poll() }
func (s *Server) poll()                                             { s.hits["poll"]++ }

type Options struct{ Tags map[string]string }

func (o *Options) With(k, v string) *Options {
	c := *o
	c.Tags[k] = v
	return &c
}

type Registry struct{ m map[string]func() }

func (r *Registry) Register(k string, f func()) { r.m[k] = f }
