package p

import (
	"context"
	"errors"
)

func F(ctx context.Context, xs []string) (map[string]int, error) {
	r, done := map[string]int{}, make(chan struct{})
	go func() {
		defer close(done)
		for _, x := range xs {
			r[x]++
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, errors.New("too slow")
	}
	r["all"] = len(xs)
	return r, nil
}
