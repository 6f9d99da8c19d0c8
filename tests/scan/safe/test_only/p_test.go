package p

import "testing"

func TestPut(t *testing.T) {
	s := &S{m: map[string]int{}}
	s.put("a")
	s.m["b"] = 1
	if s.Get("a") != 2 {
		t.Fatal("lost")
	}
}
