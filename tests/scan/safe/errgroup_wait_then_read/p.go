package p

import (
	"sync"

	"golang.org/x/sync/errgroup"
)

func F(xs []string) (map[string]int, error) {
	r := make(map[string]int)
	var mu sync.Mutex
	var g errgroup.Group
	for _, x := range xs {
		g.Go(func() error {
			mu.Lock()
			defer mu.Unlock()
			r[x] = len(x)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	r["all"] = len(xs)
	return r, nil
}
