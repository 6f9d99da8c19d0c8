package p

type State struct{ Seen map[string]bool }
type Store interface {
	Get(k string) (*State, error)
}
type Reader struct{ store Store }

func (r *Reader) Mark(k string) {
	s, err := r.store.Get(k)
	if err == nil {
		s.Seen[k] = true // want exported-api
	}
}
func (r *Reader) Marked(k string) bool {
	s, _ := r.store.Get(k)
	return s.Seen[k] // want exported-api
}

type one struct{ s *State }

func (o one) Get(string) (*State, error) { return o.s, nil }
