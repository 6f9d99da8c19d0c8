// SPDX-License-Identifier: Apache-2.0

// crowd: 20,000 goroutines and 500 threads around one map that two of them write, locked or not.
//
//	crowd [-goroutines 20000] [-threads 500] [-rate 50] [-fixed]
//
// A thread is a goroutine locked to it: half of them sit in a blocking read, half wake now and then.
package main

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"../kit"
)

var (
	goroutines = flag.Int("goroutines", 20000, "parked goroutines")
	threads    = flag.Int("threads", 500, "goroutines with a thread of their own")
	rate       = flag.Float64("rate", 50, "writes a second of each side")
	fixed      = flag.Bool("fixed", false, "with the lock")
	mu         sync.Mutex
	table      = map[string]int{}
	keys       = kit.Keys(32)
)

func write(i int) {
	if *fixed {
		mu.Lock()
	}
	table[keys[i%len(keys)]] = i // race:write
	if *fixed {
		mu.Unlock()
	}
}

func update(i int) {
	if *fixed {
		mu.Lock()
	}
	table[keys[i%len(keys)]] = -i // race:update
	if *fixed {
		mu.Unlock()
	}
}

func side(n int, f func(int), counter *uint64) {
	r := kit.NewRandom(n)
	for i := 0; ; i++ {
		f(i)
		*counter++
		r.Pause(*rate)
	}
}

func thread(i int, up *sync.WaitGroup) {
	runtime.LockOSThread()
	up.Done()
	if i%2 == 0 {
		var p [2]int
		syscall.Pipe(p[:])
		syscall.Read(p[0], make([]byte, 1))
	}
	for own := map[int]int{}; ; own[len(own)&7]++ {
		time.Sleep(500 * time.Millisecond)
	}
}

func main() {
	flag.Parse()
	for i := range keys {
		write(i)
	}
	page := kit.Open()
	var up sync.WaitGroup
	up.Add(*threads)
	for i := 0; i < *threads; i++ {
		go thread(i, &up)
	}
	up.Wait()
	never := make(chan int)
	for i := 0; i < *goroutines; i++ {
		go func() {
			own := map[int]int{}
			for x := range never {
				own[x]++
			}
		}()
	}
	page.Ready(unsafe.Pointer(&table), fmt.Sprint(runtime.NumGoroutine()))
	go side(1, write, page.Side(0))
	go side(2, update, page.Side(1))
	page.Wait(0)
}
