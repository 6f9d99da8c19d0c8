package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m[k] }

// a sets k. s.mu must be held.
func (s *S) a(k string) { s.m[k] = 1 }

// b sets k; callers hold the lock.
func (s *S) b(k string) { s.m[k] = 1 }

// c sets k.
//
// REQUIRES: s.mu is held by the caller.
func (s *S) c(k string) { s.m[k] = 1 }

// d should be called with s.mu held.
func (s *S) d(k string) { s.m[k] = 1 }

/*
E sets k and must be called with the lock.
*/
func (s *S) E(k string) { s.m[k] = 1 }
