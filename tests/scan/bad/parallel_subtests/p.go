package p

func name(i int) string { return string(rune(97 + i)) }
