package p

import "context"

type key struct{}

func baggage(ctx context.Context) (map[string]string, bool) {
	m, ok := ctx.Value(key{}).(map[string]string)
	return m, ok
}
func Set(ctx context.Context, k, v string) context.Context {
	m, ok := baggage(ctx)
	if !ok {
		m = make(map[string]string)
	}
	m[k] = v // want exported-api
	return context.WithValue(ctx, key{}, m)
}
