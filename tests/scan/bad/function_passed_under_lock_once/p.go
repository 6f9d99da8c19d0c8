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
func (t *Table) add(k string) {
	t.m[k]++ // want inconsistent-lock
}
func (t *Table) Add(k string)   { t.locked(k, t.add) }
func (t *Table) Again(k string) { t.locked(k, t.add) }
func (t *Table) Quick(k string) { t.add(k) }
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.m)
}
