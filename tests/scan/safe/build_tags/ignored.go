//go:build ignore

package main

var m = map[string]int{}

func main() {
	go func() { m["a"] = 1 }()
	m["b"] = 1
}
