package p

import "sync"

var (
	mu    sync.Mutex
	state = map[string]int{}
)

// Whoever runs one holds the lock.
var steps = map[string]func(key string){
	"set":   func(key string) { state[key] = 1 },
	"unset": func(key string) { delete(state, key) },
}

var after = func(key string) { state[key+"!"]++ }

func Run(step, key string) {
	mu.Lock()
	defer mu.Unlock()
	steps[step](key)
	after(key)
}

func Size() int {
	mu.Lock()
	defer mu.Unlock()
	return len(state)
}
