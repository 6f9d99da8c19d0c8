package p

func work() map[string]int { return map[string]int{} }
