// SPDX-License-Identifier: Apache-2.0

// truth FILE HOW: starts goroutines of known kinds, writes what is true about each into FILE, and ends
// (or prints its goroutines) in the way that HOW names. What maptrap reads out of that must be the truth.
package main

import (
	"encoding/json"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What is true of one goroutine.
type fact struct {
	Goroutine uint64   `json:"goroutine"`
	Parent    uint64   `json:"parent"`
	Function  string   `json:"function"` // on its stack
	Creator   string   `json:"creator"`
	States    []string `json:"states"` // one of these
	Locked    bool     `json:"locked"`
	Depth     int      `json:"depth"` // calls of `deep` on its stack
	Pointer   string   `json:"pointer"`
}

var (
	mu    sync.Mutex
	facts []fact
	ready sync.WaitGroup
)

// The number that the runtime gave this goroutine, as its own trace prints it.
func self() uint64 {
	var b [64]byte
	text := string(b[:runtime.Stack(b[:], false)])
	n, _ := strconv.ParseUint(strings.Fields(text)[1], 10, 64)
	return n
}

func tell(f fact) {
	f.Goroutine = self()
	mu.Lock()
	facts = append(facts, f)
	mu.Unlock()
	ready.Done()
}

type cache struct{ m map[string]int }

//go:noinline
func (c *cache) put(k string, v int) { c.m[k] = v }

//go:noinline
func receives(f fact, ch chan int) { f.Function = "main.receives"; tell(f); <-ch; runtime.KeepAlive(&f) }

//go:noinline
func sends(f fact, ch chan int) { f.Function = "main.sends"; tell(f); ch <- 1 }

//go:noinline
func selects(f fact, a, b chan int) {
	f.Function = "main.selects"
	tell(f)
	select {
	case <-a:
	case <-b:
	}
}

//go:noinline
func forever(f fact) { f.Function = "main.forever"; tell(f); select {} }

//go:noinline
func nilReceive(f fact) { f.Function = "main.nilReceive"; tell(f); var c chan int; <-c }

//go:noinline
func sleeps(f fact) { f.Function = "main.sleeps"; tell(f); time.Sleep(time.Hour) }

//go:noinline
func locks(f fact, m *sync.Mutex) { f.Function = "main.locks"; tell(f); m.Lock(); m.Unlock() }

//go:noinline
func readLocks(f fact, m *sync.RWMutex) { f.Function = "main.readLocks"; tell(f); m.RLock(); m.RUnlock() }

//go:noinline
func waitsGroup(f fact, w *sync.WaitGroup) { f.Function = "main.waitsGroup"; tell(f); w.Wait() }

//go:noinline
func waitsCond(f fact, c *sync.Cond) { f.Function = "main.waitsCond"; tell(f); c.L.Lock(); c.Wait() }

//go:noinline
func accepts(f fact, l net.Listener) { f.Function = "main.accepts"; tell(f); l.Accept() }

//go:noinline
func syscalls(f fact, fd int) {
	f.Function = "main.syscalls"
	tell(f)
	var b [1]byte
	syscall.Read(fd, b[:])
}

//go:noinline
func locked(f fact, ch chan int) {
	runtime.LockOSThread()
	f.Function, f.Locked = "main.locked", true
	tell(f)
	<-ch
}

//go:noinline
func deep(n int, f fact, ch chan int) int {
	if n == 0 {
		tell(f)
		<-ch
		return 0
	}
	return deep(n-1, f, ch) + 1
}

//go:noinline
func spins(f fact) {
	f.Function = "main.spins"
	tell(f)
	for n := 0; ; n++ {
		sink += n
	}
}

var sink int

type list[T any] struct{ items []T }

//go:noinline
func (l *list[T]) wait(f fact, ch chan T) { f.Function = "main.(*list[...]).wait"; tell(f); <-ch }

//go:noinline
func (c *cache) method(f fact, ch chan int) { f.Function = "main.(*cache).method"; tell(f); <-ch }

//go:noinline
func start(c *cache) {
	me := self()
	by := func(states ...string) fact {
		ready.Add(1)
		return fact{Parent: me, Creator: "main.start", States: states}
	}
	ch, full, idle := make(chan int), make(chan int), make(chan int)
	for i := 0; i < 5; i++ {
		go receives(by("chan receive"), ch)
	}
	go sends(by("chan send"), full)
	go selects(by("select"), ch, idle)
	go forever(by("select (no cases)"))
	go nilReceive(by("chan receive (nil chan)"))
	go sleeps(by("sleep"))
	var m sync.Mutex
	var rw sync.RWMutex
	m.Lock()
	rw.Lock()
	go locks(by("semacquire", "sync.Mutex.Lock"), &m)
	go readLocks(by("semacquire", "sync.RWMutex.RLock"), &rw)
	var w sync.WaitGroup
	w.Add(1)
	go waitsGroup(by("semacquire", "sync.WaitGroup.Wait"), &w)
	go waitsCond(by("sync.Cond.Wait"), sync.NewCond(&sync.Mutex{}))
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		go accepts(by("IO wait"), l)
	}
	var fds [2]int
	if syscall.Pipe(fds[:]) == nil {
		go syscalls(by("syscall"), fds[0])
	}
	go locked(by("chan receive"), ch)
	for _, n := range []int{1, 30, 49, 120} {
		f := by("chan receive")
		f.Function, f.Depth = "main.deep", n+1
		go deep(n, f, ch)
	}
	l := &list[int]{}
	go l.wait(by("chan receive"), ch)
	go c.method(by("chan receive"), ch)
	f := by("chan receive")
	f.Creator = "main.start"
	go func() {
		f.Function = "main.start.func"
		tell(f)
		<-ch
	}()
}

func write(path string) {
	ready.Wait()
	time.Sleep(50 * time.Millisecond) // all of them are where they wait
	mu.Lock()
	defer mu.Unlock()
	out, _ := json.Marshal(facts)
	os.WriteFile(path, out, 0o644)
}

func main() {
	c := &cache{map[string]int{}}
	start(c)
	how := os.Args[2]
	if how == "spin" {
		ready.Add(1)
		go spins(fact{Parent: self(), Creator: "main.main", States: []string{"running", "runnable"}})
	}
	write(os.Args[1])
	switch how {
	case "fatal":
		for i := 0; i < 2; i++ {
			go func() {
				for k := 0; ; k++ {
					c.put("x", k)
				}
			}()
		}
	case "panic":
		go func() { panic("of no importance") }()
	case "debug1":
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		os.Exit(0)
	case "debug2":
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		os.Exit(0)
	case "quit", "spin":
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
	}
	time.Sleep(20 * time.Second)
}
