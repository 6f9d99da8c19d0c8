package p
func g() {}
