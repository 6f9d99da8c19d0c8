package p

import (
	"sync"
)

var m sync.Map

func Set(k string)     { m.Store(k, 1) }
func Get(k string) any { v, _ := m.Load(k); return v }
