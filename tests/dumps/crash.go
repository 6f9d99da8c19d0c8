// SPDX-License-Identifier: Apache-2.0

// Dies, or prints its goroutines, in the way its argument names: input of the dump reader's tests.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"
)

var _ = http.StatusOK

type store struct {
	name string
	m    map[string]int
}

func (s *store) put(k string, v int) { s.m[k] = v }
func (s *store) get(k string) int    { return s.m[k] }
func (s *store) sum() (n int) {
	for _, v := range s.m {
		n += v
	}
	return
}

func writer(s *store, k string) {
	for i := 0; ; i++ {
		s.put(k, i)
	}
}
func reader(s *store, k string) {
	n := 0
	for {
		n += s.get(k)
	}
}
func ranger(s *store) {
	n := 0
	for {
		n += s.sum()
	}
}

//go:noinline
func bystander(ch chan int) { <-ch }
func generic[T any](m map[T2]T, k T2, v T) {
	for {
		m[k] = v
	}
}

type T2 int

func main() {
	ch := make(chan int)
	for i := 0; i < 3; i++ {
		go bystander(ch)
	}
	var mu sync.Mutex
	mu.Lock()
	go func() { mu.Lock() }()
	go func() { runtime.LockOSThread(); select {} }()
	go func() { time.Sleep(time.Hour) }()
	s := &store{"a", map[string]int{"x": 1, "y": 2}}
	time.Sleep(10 * time.Millisecond)
	switch os.Args[1] {
	case "ww":
		go writer(s, "x")
		go writer(s, "y")
	case "rw":
		go writer(s, "x")
		go reader(s, "y")
	case "iw":
		go writer(s, "x")
		go ranger(s)
	case "generic":
		m := map[T2]string{}
		go generic(m, 1, "a")
		go generic(m, 2, "b")
	case "panic":
		go func() { var p *store; p.put("a", 1) }()
	case "panicval":
		go func() {
			defer func() { panic(fmt.Errorf("second\nline two")) }()
			panic("first")
		}()
	case "quit":
		time.Sleep(time.Hour)
	case "debug2":
		buf := make([]byte, 1<<20)
		os.Stdout.Write(buf[:runtime.Stack(buf, true)])
		return
	case "debug1":
		pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
		return
	case "heap1":
		pprof.Lookup("heap").WriteTo(os.Stdout, 1)
		return
	case "stack":
		debug.PrintStack()
		return
	case "oom":
		var b bytes.Buffer
		b.Grow(1 << 50)
	case "stackoverflow":
		var f func(a [100]int) int
		f = func(a [100]int) int { return f(a) + 1 }
		f([100]int{})
	case "exit":
		runtime.Goexit()
	case "segv":
		debug.SetPanicOnFault(false)
		*(*int)(nil) = 1
	}
	time.Sleep(20 * time.Second)
}
