// Package store is the other module of the work space: a table that its owner locks.
package store

type Table struct{ m map[string]int }

func New() *Table                 { return &Table{m: map[string]int{}} }
func (t *Table) Set(k string)     { t.m[k] = 1 }
func (t *Table) Get(k string) int { return t.m[k] }
