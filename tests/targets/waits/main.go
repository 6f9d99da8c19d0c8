// SPDX-License-Identifier: Apache-2.0

// waits: goroutines that wait in every way there is, and a few that run. It says what it knows of
// them itself: /debug/pprof/goroutine?debug=2 on the port that it prints; /counts has what was written
// to a map under a lock, and what should be in it.
//
//	waits [-each 5] [-spin 1] [-churn] [-race]
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	each  = flag.Int("each", 5, "goroutines of each kind")
	spin  = flag.Int("spin", 1, "goroutines that never wait")
	churn = flag.Bool("churn", false, "goroutines that start, run and end all the time")
	sink  uint64
	wrote uint64 // under guard
	table = map[string]int{}
	inC   []func() // with cgo: c.go
	guard sync.Mutex
)

type box[T any] struct{ c chan T }

//go:noinline
func (b *box[T]) take() T { return <-b.c }

type taker interface{ take() int }

type deep struct{ taker } // take is promoted: a wrapper stands between

func inlinedReceive(c chan int) int { return <-c }

//go:noinline
func down(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	var room [64]byte
	room[n%64] = byte(n)
	down(n-1, f)
	sink += uint64(room[n%64])
}

//go:noinline
func wide(f func()) { // a frame larger than what is read of a stack at first
	var room [40000]byte
	room[os.Getpid()%40000] = 1
	f()
	sink += uint64(room[0])
}

func kinds() []func() {
	var locked sync.Mutex
	locked.Lock()
	var read sync.RWMutex
	read.Lock()
	var group sync.WaitGroup
	group.Add(1)
	cond := sync.NewCond(new(sync.Mutex))
	never, full := make(chan int), make(chan int, 1)
	full <- 1
	var none chan int
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	boxes := &box[int]{never}
	return []func(){
		func() { <-never },
		func() { inlinedReceive(never) },
		func() { full <- 2 },
		func() { <-none },
		func() { none <- 1 },
		func() { select {} },
		func() {
			select {
			case <-never:
			case full <- 1:
			}
		},
		func() { locked.Lock() },
		func() { read.RLock() },
		func() { read.Lock() },
		func() { group.Wait() },
		func() { cond.L.Lock(); cond.Wait() },
		func() { time.Sleep(time.Hour) },
		func() { listener.Accept() },
		func() { boxes.take() },
		func() { taker(deep{boxes}).take() },
		func() { down(20, func() { <-never }) },
		func() { down(300, func() { <-never }) },
		func() { wide(func() { <-never }) },
		func() { runtime.LockOSThread(); <-never },
		func() {
			var p [2]int
			syscall.Pipe(p[:])
			syscall.Read(p[0], make([]byte, 1))
		},
		func() { defer func() { recover(); <-never }(); panic("recovered") },
		func() { c := time.Tick(time.Hour); <-c },
		func() { r, _ := io.Pipe(); r.Read(make([]byte, 1)) },
	}
}

//go:noinline
func burn() {
	for i := uint64(0); ; i++ {
		atomic.AddUint64(&sink, i)
	}
}

func brief(n int) {
	for i := 0; i < n; i++ {
		guard.Lock()
		table["k"]++
		wrote++
		guard.Unlock()
		runtime.Gosched()
	}
}

func churning() {
	for i := 0; ; i++ {
		go brief(i % 7)
		time.Sleep(50 * time.Microsecond)
	}
}

func main() {
	flag.Parse()
	for _, f := range append(kinds(), inC...) {
		for i := 0; i < *each; i++ {
			go f()
		}
	}
	for i := 0; i < *spin; i++ {
		go burn()
	}
	if *churn {
		go churning()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/counts", func(w http.ResponseWriter, _ *http.Request) {
		guard.Lock()
		defer guard.Unlock()
		fmt.Fprintln(w, table["k"], wrote)
	})
	time.Sleep(200 * time.Millisecond)
	fmt.Printf("listening %s\n", l.Addr())
	panic(http.Serve(l, nil))
}
