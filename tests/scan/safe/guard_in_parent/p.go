package p

import "sync"

type table struct{ rows map[string]int }

func (t *table) put(k string) { t.rows[k] = 1 }

type DB struct {
	mu sync.Mutex
	t  table
}

func (d *DB) Set(k string)     { d.mu.Lock(); defer d.mu.Unlock(); d.t.rows[k] = 1 }
func (d *DB) Put(k string)     { d.mu.Lock(); defer d.mu.Unlock(); d.t.put(k) }
func (d *DB) Get(k string) int { d.mu.Lock(); defer d.mu.Unlock(); return d.t.rows[k] }
