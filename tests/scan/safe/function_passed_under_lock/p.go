package p

import "sync"

type Table struct {
	mu sync.Mutex
	m  map[string]int
}

func New() *Table { return &Table{m: map[string]int{}} }

func (t *Table) locked(k string, f func(string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(k)
}
func (t *Table) through(k string, f func(string)) { t.locked(k, f) }
func (t *Table) add(k string)                     { t.m[k]++ }
func (t *Table) drop(k string)                    { delete(t.m, k) }
func (t *Table) Add(k string)                     { t.locked(k, t.add) }
func (t *Table) Drop(k string)                    { t.through(k, t.drop) }
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.m)
}
