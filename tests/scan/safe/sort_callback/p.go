package p

import (
	"sort"
	"strings"
)

func Rank(xs []string) map[string]int {
	seen := map[string]int{}
	sort.Slice(xs, func(i, j int) bool {
		seen[xs[i]]++
		return xs[i] < xs[j]
	})
	strings.Map(func(r rune) rune {
		seen[string(r)]++
		return r
	}, "abc")
	return seen
}
