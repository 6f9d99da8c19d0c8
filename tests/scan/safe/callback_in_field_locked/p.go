package p

import (
	"crypto/tls"
	"sync"
)

func Config(load func(string) *tls.Certificate) *tls.Config {
	var mu sync.Mutex
	cache := map[string]*tls.Certificate{}
	return &tls.Config{
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			mu.Lock()
			defer mu.Unlock()
			c, ok := cache[h.ServerName]
			if !ok {
				c = load(h.ServerName)
				cache[h.ServerName] = c
			}
			return c, nil
		},
	}
}
