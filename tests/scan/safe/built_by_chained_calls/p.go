package p

import "fmt"

type Event struct{ Fields map[string]any }

func (e *Event) Str(k, v string) *Event { e.Fields[k] = v; return e }
func newEvent() *Event                  { return &Event{Fields: make(map[string]any)} }
func Log(msg string) {
	e := newEvent()
	e.Str("msg", msg).Str("lvl", "info")
	go func() { fmt.Println(e.Fields) }()
}
