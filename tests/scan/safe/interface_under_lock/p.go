package p

import "sync"

type store interface{ put(k string) }
type mem struct{ m map[string]int }

func (m *mem) put(k string) { m.m[k] = 1 }

type S struct {
	mu sync.Mutex
	st store
	m  mem
}

func (s *S) Put(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.st.put(k) }
func (s *S) Set(k string)     { s.mu.Lock(); defer s.mu.Unlock(); s.m.m[k] = 1 }
func (s *S) Get(k string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.m.m[k] }
