package p

import "sync"

type base[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func (b *base[K, V]) set(k K, v V) { b.mu.Lock(); defer b.mu.Unlock(); b.m[k] = v }
func (b *base[K, V]) del(k K)      { b.mu.Lock(); defer b.mu.Unlock(); delete(b.m, k) }

type S struct{ base[string, int] }

func (s *S) Sum() (n int) {
	for _, v := range s.m { // want unlocked-read
		n += v
	}
	return n
}
