package p

import "crypto/tls"

// A server asks for a certificate in the goroutine of each connection.
func Config(load func(string) *tls.Certificate) *tls.Config {
	cache := map[string]*tls.Certificate{}
	return &tls.Config{
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, ok := cache[h.ServerName]
			if !ok {
				c = load(h.ServerName)
				cache[h.ServerName] = c // want captured-local
			}
			return c, nil
		},
	}
}
