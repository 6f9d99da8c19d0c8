package p

// One helper, called by each of two loops with a function of its own: no function runs in both.
func each(in chan string, f func(string)) {
	for k := range in {
		f(k)
	}
}

type A struct {
	seen map[string]bool
	in   chan string
}

func NewA() *A {
	a := &A{seen: map[string]bool{}, in: make(chan string)}
	go a.loop()
	return a
}
func (a *A) loop()         { each(a.in, a.note) }
func (a *A) note(k string) { a.seen[k] = true }
func (a *A) Put(k string)  { a.in <- k }

type B struct {
	seen map[string]bool
	in   chan string
}

func NewB() *B {
	b := &B{seen: map[string]bool{}, in: make(chan string)}
	go b.loop()
	return b
}
func (b *B) loop()         { each(b.in, b.note) }
func (b *B) note(k string) { b.seen[k] = true }
func (b *B) Put(k string)  { b.in <- k }
