// Package set is a map with a method that writes it.
package set

type Set map[string]bool

func (s Set) Add(k string) { s[k] = true }
