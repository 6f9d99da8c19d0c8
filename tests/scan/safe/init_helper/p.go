package p

import "sync"

var mu sync.Mutex
var codecs = map[string]int{}
var names = map[string]string{}

func init() {
	add("a", 1)
	add("b", 2)
	names["a"] = "A"
}

func add(k string, v int) { codecs[k] = v }
func Get(k string) int    { return codecs[k] + len(names[k]) }
