package p

import (
	"context"
	"testing"
	"time"
)

func fail(t *testing.T, why string) {
	t.Helper()
	t.Fatalf("failed: %s", why)
}

func TestFatal(t *testing.T) {
	m, done := work(), make(chan bool)
	go func() {
		m["a"] = 1
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("too slow")
	}
	if m["a"] != 1 {
		t.Fatal("lost")
	}
}

func TestHelper(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	m, done := work(), make(chan bool)
	go func() {
		m["a"] = 1
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		fail(t, "too slow")
	}
	if m["a"] != 1 {
		panic("lost")
	}
}
