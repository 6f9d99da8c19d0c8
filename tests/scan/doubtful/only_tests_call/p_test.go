package main

import "testing"

func TestGet(t *testing.T) {
	c := &Cache{m: map[string]int{}}
	c.Fill(map[string]int{"a": 1})
	if c.Get("a") != 1 {
		t.Fail()
	}
}
