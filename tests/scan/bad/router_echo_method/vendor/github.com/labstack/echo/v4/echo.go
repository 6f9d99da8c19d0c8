// Package echo has the shape of the real one, for the pattern suite.
package echo

type Context interface{ Path() string }
type HandlerFunc func(Context) error
type Echo struct{ Last HandlerFunc }

func (e *Echo) GET(path string, h HandlerFunc) { e.Last = h }
