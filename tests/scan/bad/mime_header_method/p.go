package p

import (
	"net/textproto"
	"sync"
)

type Part struct {
	mu sync.Mutex
	h  textproto.MIMEHeader
}

func (p *Part) Set(k, v string)     { p.mu.Lock(); defer p.mu.Unlock(); p.h.Set(k, v) }
func (p *Part) Get(k string) string { p.mu.Lock(); defer p.mu.Unlock(); return p.h.Get(k) }
func (p *Part) Add(k, v string) {
	p.h.Add(k, v) // want inconsistent-lock
}
