package p

import (
	"net/url"
	"sync"
)

type Query struct {
	mu sync.Mutex
	v  url.Values
}

func (q *Query) Add(k, v string) { q.mu.Lock(); q.v.Add(k, v); q.mu.Unlock() }
func (q *Query) Encode() string  { q.mu.Lock(); defer q.mu.Unlock(); return q.v.Encode() }
func (q *Query) Drop(k string) {
	q.v.Del(k) // want inconsistent-lock
}
