package p

import "net/http"

type Counter struct{ seen map[string]int }

func (c *Counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.seen[r.URL.Host]++ // want unguarded-shared
	return http.DefaultTransport.RoundTrip(r)
}
