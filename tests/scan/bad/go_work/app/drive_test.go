package app

import (
	"sync"
	"testing"

	"example.org/store"
)

func TestDrive(t *testing.T) {
	s := store.New()
	var wg sync.WaitGroup
	wg.Go(func() { Set(s, "a") })
	wg.Go(func() { Del(s, "a") })
	wg.Wait()
}
