package p

import "golang.org/x/sync/errgroup"

func F(xs []string) (map[string]int, error) {
	r := make(map[string]int)
	var g errgroup.Group
	for _, x := range xs {
		g.Go(func() error {
			r[x] = len(x) // want captured-local
			return nil
		})
	}
	return r, g.Wait()
}
