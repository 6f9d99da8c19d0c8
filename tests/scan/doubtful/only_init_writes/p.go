package p

import "sync"

var (
	mu      sync.Mutex
	catalog = map[string]func(){}
)

func Register(name string, f func()) {
	mu.Lock()
	defer mu.Unlock()
	catalog[name] = f
}
func init() {
	Register("a", func() {})
	Register("b", func() {})
}
func Names() (r []string) {
	for name := range catalog { // want unlocked-read
		r = append(r, name)
	}
	return r
}
