package p

import "sync"

var mu sync.Mutex

type S struct{ m map[string]int }

func (s *S) Set(k string)     { mu.Lock(); defer mu.Unlock(); s.m[k] = 1 }
func (s *S) Get(k string) int { mu.Lock(); defer mu.Unlock(); return s.m[k] }
func (s *S) Len() int         { mu.Lock(); defer mu.Unlock(); return len(s.m) }
func (s *S) Del(k string) {
	delete(s.m, k) // want inconsistent-lock
}
