// SPDX-License-Identifier: Apache-2.0

// Dies of something else than a map, in the way its argument names: input of the dump reader's tests.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

type store struct{ m map[string]int }

//go:noinline
func (s *store) put(k string) { s.m[k] = 1 }

//go:noinline
func again() {
	if r := recover(); r != nil {
		panic(fmt.Errorf("again: %v", r))
	}
}

//go:noinline
func logs() {
	if r := recover(); r != nil {
		log.Printf("panic: %v [recovered]\n%s", r, debug.Stack())
	}
}

func with(deferred func(), f func()) {
	defer deferred()
	f()
}

func deep(n int, a [10]int) int {
	a[n%10]++
	return deep(n+1, a) + 1
}

func main() {
	log.SetFlags(0)
	ch := make(chan int)
	go func() { <-ch }()
	time.Sleep(10 * time.Millisecond)
	s := &store{}
	switch os.Args[1] {
	case "deadlock":
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
	case "repanic":
		go with(again, func() { with(again, func() { s.put("a") }) })
	case "logged":
		with(logs, func() { s.put("a") })
		panic("later")
	case "text":
		panic("boom\n\ngoroutine 1 [running]:\nmain.fake()\n\t/x.go:1 +0x1\n")
	case "signal":
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	case "overflow":
		debug.SetMaxStack(1 << 20)
		deep(0, [10]int{})
	}
	time.Sleep(20 * time.Second)
}
