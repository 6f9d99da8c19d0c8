package app

import "example.org/store"

func F() int {
	s := store.New()
	s.Set("a")
	return s.Get("a")
}
