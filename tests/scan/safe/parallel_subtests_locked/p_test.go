package p

import (
	"sync"
	"testing"
)

func TestNames(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	for i := range 20 {
		t.Run(name(i), func(t *testing.T) {
			t.Parallel()
			own := map[string]bool{}
			own[name(i)] = true
			mu.Lock()
			defer mu.Unlock()
			seen[name(i)] = true
		})
	}
}

func TestSerial(t *testing.T) {
	seen := map[string]bool{}
	for i := range 20 {
		t.Run(name(i), func(t *testing.T) {
			seen[name(i)] = true
		})
	}
}
