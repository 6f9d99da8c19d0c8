package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func put(s *S, k string) { s.m[k] = 1 } // want inconsistent-lock

func A(s *S) { s.mu.Lock(); defer s.mu.Unlock(); put(s, "a") }
func B(s *S) { s.mu.Lock(); defer s.mu.Unlock(); s.m["b"] = 1 }
func C(s *S) { put(s, "c") }
