// SPDX-License-Identifier: Apache-2.0

// torture: eight workers assign, read, delete and iterate one map at once, with no lock. Alone it
// is dead in a moment; it shows how long something can keep it alive.
//
//	torture [-spin 20000] [-sleep 1ms] [-gc 5ms] [-workers 8]
package main

import (
	"flag"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"../kit"
)

var (
	spin    = flag.Int("spin", 20000, "turns between operations")
	sleep   = flag.Duration("sleep", 0, "and a sleep")
	gc      = flag.Duration("gc", 0, "a collection each so often")
	workers = flag.Int("workers", 8, "workers")
	m       = map[string]string{}
	sink    int64
)

//go:noinline
func assign(k, v string) { m[k] = v } // race:assign

//go:noinline
func read(k string) int { return len(m[k]) } // race:read

//go:noinline
func remove(k string) { delete(m, k) } // race:remove

//go:noinline
func iterate(n int) (x int) {
	for k := range m { // race:iterate
		x += len(k)
		if n--; n == 0 {
			break
		}
	}
	return
}

func worker(id int, ops *uint64) {
	r := kit.NewRandom(id)
	for {
		x := r.Spin(*spin)
		n := r.Next()
		k := "k" + strconv.Itoa(int(n%5000))
		switch c := (n >> 20) % 10; {
		case c < 4:
			assign(k, "v"+k)
		case c < 8:
			x += read(k)
		case c < 9:
			remove(k)
		default:
			x += iterate(20)
		}
		atomic.AddInt64(&sink, int64(x))
		atomic.AddUint64(ops, 1)
		if *sleep > 0 {
			time.Sleep(*sleep)
		}
	}
}

func main() {
	flag.Parse()
	page := kit.Open()
	page.Ready(unsafe.Pointer(&m), "torture")
	for i := 0; i < *workers; i++ {
		go worker(i, page.Side(i))
	}
	if *gc > 0 {
		go func() {
			for {
				runtime.GC()
				time.Sleep(*gc)
			}
		}()
	}
	page.Wait(0)
}
