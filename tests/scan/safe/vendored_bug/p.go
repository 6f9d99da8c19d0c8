package p

import "example.org/lib"

func F() int { return lib.Get("a") }
