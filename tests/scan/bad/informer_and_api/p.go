package p

// What an informer tells its handler comes in one goroutine, what the API is asked in others.
type Index struct{ byName map[string]any }

func New() *Index { return &Index{byName: map[string]any{}} }

func (x *Index) OnAdd(obj any, first bool) {
	x.byName[name(obj)] = obj // want unguarded-shared
}
func (x *Index) OnUpdate(old, obj any) {
	x.byName[name(obj)] = obj // want unguarded-shared
}
func (x *Index) OnDelete(obj any) {
	delete(x.byName, name(obj)) // want unguarded-shared
}
func (x *Index) Drop(n string) {
	delete(x.byName, n)
}
func name(obj any) string { return obj.(string) }
