package p

import "sync"

type C[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func New[K comparable, V any]() *C[K, V] {
	c := &C[K, V]{m: make(map[K]V)}
	var k K
	delete(c.m, k)
	return c
}
func (c *C[K, V]) Set(k K, v V)            { c.mu.Lock(); defer c.mu.Unlock(); c.m[k] = v }
func (c *C[K, V]) Get(k K) V               { c.mu.RLock(); defer c.mu.RUnlock(); return c.m[k] }
func (c *C[K, V]) GetOr[D any](k K, _ D) V { c.mu.RLock(); defer c.mu.RUnlock(); return c.m[k] }
func Keys[M ~map[K]V, K comparable, V any](m M) (r []K) {
	for k := range m {
		r = append(r, k)
	}
	return r
}
func Set[K comparable](m map[K]bool, k K) { m[k] = true }
func Uniq(xs []string) []string {
	m := map[string]bool{}
	for _, x := range xs {
		Set(m, x)
	}
	return Keys(m)
}
