// SPDX-License-Identifier: Apache-2.0

// racer: two sides touch one map, with or without a lock, in every way that matters to a probe.
//
//	racer [-key string] [-op assign] [-rate 50 | -spin N] [-guard none] [-sides ab] [-busy N] [-gc 2ms]
//	      [-procs 1] [-procs-after 2s]
//
// -key  string, int64, int32, pointer, struct, generic: the assign function of the runtime
// -op   what side b does: assign, delete (delete and insert, both sides), read, iterate, clear, reflect, reflect-delete
// -rate operations a second of each side; -spin instead: that many turns of CPU between them
// -guard none, mutex, rwmutex: the lock that both sides take
// With a lock the contents are checked against the counters; without one nothing can be promised.
package main

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"../kit"
)

var (
	keyKind = flag.String("key", "string", "kind of key")
	op      = flag.String("op", "assign", "what side b does")
	rate    = flag.Float64("rate", 50, "operations a second of each side")
	spin    = flag.Int("spin", 0, "turns between operations, instead of -rate")
	guard   = flag.String("guard", "none", "none, mutex, rwmutex")
	sides   = flag.String("sides", "ab", "which sides run")
	busy    = flag.Int("busy", 0, "goroutines that burn CPU")
	gc      = flag.Duration("gc", 0, "a collection each so often")
	keys    = flag.Int("keys", 32, "different keys")
	exit    = flag.Duration("exit", 0, "exit by itself after this time")
	procs   = flag.Int("procs", 0, "GOMAXPROCS,")
	later   = flag.Duration("procs-after", 0, "set after this time")
	mu      sync.Mutex
	rw      sync.RWMutex
	sink    int
	page    *kit.Page
)

// One map a kind of key. They are variables, so that the word that holds the map is known by name.
var (
	byString  = map[string]int{}
	byInt64   = map[uint64]int{}
	byInt32   = map[uint32]int{}
	byPointer = map[*int]int{}
	byStruct  = map[point]int{}
	generic   = map[string]int{}
)

type point struct{ x, y, z int32 }

func lock() {
	switch *guard {
	case "mutex":
		mu.Lock()
	case "rwmutex":
		rw.Lock()
	}
}

func unlock() {
	switch *guard {
	case "mutex":
		mu.Unlock()
	case "rwmutex":
		rw.Unlock()
	}
}

var (
	stringKeys  []string
	pointerKeys []*int
)

func stringA(i int) {
	lock()
	byString[stringKeys[i%*keys]] = i // race:string-a
	unlock()
}

func stringB(i int) {
	lock()
	byString[stringKeys[i%*keys]] = i // race:string-b
	unlock()
}

func int64A(i int) {
	lock()
	byInt64[uint64(i%*keys)] = i // race:int64-a
	unlock()
}

func int64B(i int) {
	lock()
	byInt64[uint64(i%*keys)] = i // race:int64-b
	unlock()
}

func int32A(i int) {
	lock()
	byInt32[uint32(i%*keys)] = i // race:int32-a
	unlock()
}

func int32B(i int) {
	lock()
	byInt32[uint32(i%*keys)] = i // race:int32-b
	unlock()
}

func pointerA(i int) {
	lock()
	byPointer[pointerKeys[i%*keys]] = i // race:pointer-a
	unlock()
}

func pointerB(i int) {
	lock()
	byPointer[pointerKeys[i%*keys]] = i // race:pointer-b
	unlock()
}

func structA(i int) {
	lock()
	byStruct[point{int32(i % *keys), 1, 2}] = i // race:struct-a
	unlock()
}

func structB(i int) {
	lock()
	byStruct[point{int32(i % *keys), 1, 2}] = i // race:struct-b
	unlock()
}

func put[K comparable](m map[K]int, k K, i int) {
	m[k] = i // race:generic
}

func genericA(i int) {
	lock()
	put(generic, stringKeys[i%*keys], i)
	unlock()
}

func genericB(i int) {
	lock()
	put(generic, stringKeys[i%*keys], i)
	unlock()
}

func deleteA(i int) {
	lock()
	delete(byString, stringKeys[i&3])
	byString[stringKeys[i&3]] = i // race:delete-a
	unlock()
}

func deleteB(i int) {
	lock()
	delete(byString, stringKeys[i&3])
	byString[stringKeys[i&3]] = i // race:delete-b
	unlock()
}

func readB(i int) {
	lock()
	sink += byString[stringKeys[i%*keys]] // race:read-b
	unlock()
}

func iterateB(i int) {
	lock()
	for k := range byString { // race:iterate-b
		sink += len(k)
	}
	unlock()
}

func clearB(i int) {
	lock()
	for k := range byString {
		delete(byString, k) // race:clear-b
	}
	unlock()
}

func reflectB(i int) {
	lock()
	reflect.ValueOf(byString).SetMapIndex(reflect.ValueOf(stringKeys[i%*keys]), reflect.ValueOf(i)) // race:reflect-b
	unlock()
}

func reflectDeleteB(i int) {
	lock()
	reflect.ValueOf(byInt64).SetMapIndex(reflect.ValueOf(uint64(i % *keys)), reflect.Value{}) // race:reflect-delete-b
	unlock()
}

type pair struct {
	a, b func(int)
	word unsafe.Pointer
}

func choose() (pair, bool) {
	s := unsafe.Pointer(&byString)
	pairs := map[string]pair{
		"assign/string":  {stringA, stringB, s},
		"assign/int64":   {int64A, int64B, unsafe.Pointer(&byInt64)},
		"assign/int32":   {int32A, int32B, unsafe.Pointer(&byInt32)},
		"assign/pointer": {pointerA, pointerB, unsafe.Pointer(&byPointer)},
		"assign/struct":  {structA, structB, unsafe.Pointer(&byStruct)},
		"assign/generic": {genericA, genericB, unsafe.Pointer(&generic)},
		"delete/string":  {deleteA, deleteB, s},
		"read/string":    {stringA, readB, s},
		"iterate/string": {stringA, iterateB, s},
		"clear/string":   {stringA, clearB, s},
		"reflect/string": {stringA, reflectB, s},

		"reflect-delete/int64": {int64A, reflectDeleteB, unsafe.Pointer(&byInt64)},
	}
	p, ok := pairs[*op+"/"+*keyKind]
	return p, ok
}

func side(n int, f func(int), counter *uint64) {
	r := kit.NewRandom(n)
	for i := 0; ; i++ {
		f(i)
		*counter++
		if *spin > 0 {
			sink = r.Spin(*spin)
		} else {
			r.Pause(*rate)
		}
	}
}

func burn(n int) {
	for r := kit.NewRandom(100 + n); ; {
		r.Spin(1000000)
	}
}

// verify checks a guarded map: no key that was never written, as many as there can be.
func verify() {
	for {
		time.Sleep(50 * time.Millisecond)
		lock()
		n := 0
		for k := range byString {
			if k[0] != 'k' {
				n += *keys
			}
			n++
		}
		page.Check(n <= *keys && n == len(byString))
		unlock()
	}
}

func main() {
	flag.Parse()
	stringKeys = kit.Keys(*keys + 4)
	for i := 0; i < *keys; i++ {
		pointerKeys = append(pointerKeys, new(int))
	}
	p, ok := choose()
	if !ok {
		fmt.Fprintln(os.Stderr, "racer: no such -op with this -key")
		os.Exit(2)
	}
	for i := 0; i < *keys; i++ {
		p.a(i)
	}
	page = kit.Open()
	page.Ready(p.word, *op+"/"+*keyKind)
	for i := 0; i < *busy; i++ {
		go burn(i)
	}
	if *gc > 0 {
		go func() {
			for {
				runtime.GC()
				time.Sleep(*gc)
			}
		}()
	}
	if *procs > 0 {
		time.AfterFunc(*later, func() { runtime.GOMAXPROCS(*procs) })
	}
	for _, c := range *sides {
		if c == 'a' {
			go side(1, p.a, page.Side(0))
		} else {
			go side(2, p.b, page.Side(1))
		}
	}
	if *guard != "none" && *keyKind == "string" {
		go verify()
	}
	page.Wait(*exit)
}
