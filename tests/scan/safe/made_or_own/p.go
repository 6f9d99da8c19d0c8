package p

func Spec(own bool) map[string]string {
	l := map[string]string{}
	other := map[string]string{"a": "b"}
	if own {
		l = other
	}
	l["job"] = "1"
	return l
}
