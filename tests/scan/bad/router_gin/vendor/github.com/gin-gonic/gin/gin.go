// Package gin has the shape of the real one, for the pattern suite.
package gin

type Context struct{ params map[string]string }

func (c *Context) Param(k string) string { return c.params[k] }

type HandlerFunc func(*Context)
type Engine struct{ Last []HandlerFunc }

func (e *Engine) GET(path string, h ...HandlerFunc) { e.Last = h }
