package app

import "example.org/store"

func Set(s *store.Store, k string)     { s.Mu.Lock(); defer s.Mu.Unlock(); s.M[k] = 1 }
func Get(s *store.Store, k string) int { s.Mu.Lock(); defer s.Mu.Unlock(); return s.M[k] }
func Del(s *store.Store, k string) {
	delete(s.M, k) // want inconsistent-lock
}
