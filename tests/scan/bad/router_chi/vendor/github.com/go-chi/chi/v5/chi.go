// Package chi has the shape of the real one, for the pattern suite.
package chi

import "net/http"

type Router interface {
	Route(pattern string, fn func(r Router)) Router
	Post(pattern string, h http.HandlerFunc)
}
