package p

import "sync"

type Conns struct {
	mu sync.Mutex
	m  map[int]bool
}

func (c *Conns) Put(k int) {
	c.mu.Lock()
	c.m[k] = true
	c.mu.Unlock()
}
func (c *Conns) All() (r []int) {
	for k := range c.m { // want unlocked-read
		r = append(r, k)
	}
	return r
}
func (c *Conns) Any() (r int) {
	for k := range c.m { // want unlocked-read
		r = k
	}
	return r
}
func (c *Conns) Max() (r int) {
	for k := range c.m { // want unlocked-read
		r = max(r, k)
	}
	return r
}
