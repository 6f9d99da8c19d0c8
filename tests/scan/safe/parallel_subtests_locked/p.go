package p

func name(i int) string { return string(rune('a' + i)) }
