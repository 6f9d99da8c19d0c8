package p

import "sync"

type table struct{ rows map[string]int }
type DB struct {
	mu sync.Mutex
	t  table
}

func (d *DB) Set(k string)     { d.mu.Lock(); defer d.mu.Unlock(); d.t.rows[k] = 1 }
func (d *DB) Get(k string) int { d.mu.Lock(); defer d.mu.Unlock(); return d.t.rows[k] }
func (d *DB) Drop(k string) {
	delete(d.t.rows, k) // want inconsistent-lock
}
