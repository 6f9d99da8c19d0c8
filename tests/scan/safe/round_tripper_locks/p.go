package p

import (
	"net/http"
	"sync"
)

type Counter struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *Counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.seen[r.URL.Host]++
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}
