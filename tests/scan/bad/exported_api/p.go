package p

type Registry struct{ m map[string]func() }

func New() *Registry { return &Registry{m: map[string]func(){}} }
func (r *Registry) Register(k string, f func()) {
	r.m[k] = f // want exported-api
}
func (r *Registry) Lookup(k string) func() { return r.m[k] } // want exported-api
