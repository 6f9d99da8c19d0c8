package p

// All three run in the informer's one goroutine.
type index struct{ byName map[string]any }

func (x *index) OnAdd(obj any, first bool) { x.byName[name(obj)] = obj }
func (x *index) OnUpdate(old, obj any)     { x.byName[name(obj)] = obj }
func (x *index) OnDelete(obj any)          { delete(x.byName, name(obj)) }
func name(obj any) string                  { return obj.(string) }

type Handler interface {
	OnAdd(obj any, first bool)
	OnUpdate(old, obj any)
	OnDelete(obj any)
}

func New() Handler { return &index{byName: map[string]any{}} }
