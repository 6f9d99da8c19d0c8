package p

import "context"

func F(ctx context.Context, xs []string) (map[string]int, error) {
	r, out := map[string]int{}, make(chan string)
	for _, x := range xs {
		go func() {
			select {
			case out <- x:
			case <-ctx.Done():
			}
		}()
	}
	for range xs {
		select {
		case x := <-out:
			r[x]++
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
	delete(r, "")
	return r, nil
}
