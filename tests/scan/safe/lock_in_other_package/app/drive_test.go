package app

import (
	"sync"
	"testing"
)

func TestDrive(t *testing.T) {
	a := New()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { a.Set("a") })
		wg.Go(func() { a.Get("a") })
	}
	wg.Wait()
}
