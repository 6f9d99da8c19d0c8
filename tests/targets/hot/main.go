// SPDX-License-Identifier: Apache-2.0

// hot: one goroutine writes a map of its own as fast as it can (tens of millions a second) or at
// -rate; beside it two slow sides share another map, locked or not. What it did is in the counters:
// side 0 the hot one, 1 and 2 the slow ones.
//
//	hot [-rate 2e6] [-slow 50] [-fixed]
package main

import (
	"flag"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"../kit"
)

var (
	rate  = flag.Float64("rate", 2e6, "writes a second to the hot map, 0 = flat out")
	slow  = flag.Float64("slow", 50, "writes a second of each side to the shared map, 0 = none")
	fixed = flag.Bool("fixed", false, "the shared map is locked")
	mu    sync.Mutex
	table = map[string]int{}
	keys  = kit.Keys(32)
)

func left(i int) {
	if *fixed {
		mu.Lock()
	}
	table[keys[i%len(keys)]] = i // race:left
	if *fixed {
		mu.Unlock()
	}
}

func right(i int) {
	if *fixed {
		mu.Lock()
	}
	table[keys[i%len(keys)]] = i // race:right
	if *fixed {
		mu.Unlock()
	}
}

func side(n int, f func(int), counter *uint64) {
	r := kit.NewRandom(n)
	for i := 0; ; i++ {
		f(i)
		*counter++
		r.Pause(*slow)
	}
}

// churn writes in batches. Its debt is limited to 2 ms: what it lost, it does not catch up, so a
// slow-down shows in the counter.
func churn(counter *uint64) {
	own := map[string]int{}
	const batch = 1000
	due := time.Now()
	for i := 0; ; {
		for end := i + batch; i < end; i++ {
			own[keys[i&31]] = i
		}
		atomic.AddUint64(counter, batch)
		if *rate > 0 {
			due = due.Add(time.Duration(batch / *rate * float64(time.Second)))
			if d := time.Until(due); d > time.Millisecond {
				time.Sleep(d)
			} else if d < -2*time.Millisecond {
				due = time.Now()
			}
		}
	}
}

func main() {
	flag.Parse()
	for i := range keys {
		left(i)
	}
	page := kit.Open()
	page.Ready(unsafe.Pointer(&table), "hot")
	if *slow > 0 {
		go side(1, left, page.Side(1))
		go side(2, right, page.Side(2))
	}
	go churn(page.Side(0))
	page.Wait(0)
}
