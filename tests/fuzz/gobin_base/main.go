// SPDX-License-Identifier: Apache-2.0

// The smallest program with map types and calls into the map runtime: fuzz_gobin patches it.
package main

type key struct{ a, b int }

func put(byName map[string]int, byKey map[key]string, s string) {
	byName[s]++
	byKey[key{len(s), 1}] = s
}

func main() {
	byName, byKey := map[string]int{}, map[key]string{}
	put(byName, byKey, "a")
	println(len(byName), len(byKey))
}
