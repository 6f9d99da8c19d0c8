package p

import "sync"

var mu sync.Mutex

// sessions is protected by mu.
var sessions = map[string]int{}

func Put(k string) {
	sessions[k] = 1 // want inconsistent-lock
}
