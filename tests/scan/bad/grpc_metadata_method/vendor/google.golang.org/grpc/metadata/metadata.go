// Package metadata has the shape of the real one, for the pattern suite.
package metadata

type MD map[string][]string

func (md MD) Set(k string, v ...string)    { md[k] = v }
func (md MD) Append(k string, v ...string) { md[k] = append(md[k], v...) }
