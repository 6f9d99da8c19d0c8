package p

import (
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for i := range 20 {
		t.Run(name(i), func(t *testing.T) {
			t.Parallel()
			time.Sleep(time.Millisecond)
			seen[name(i)] = true // want captured-local
		})
	}
}
