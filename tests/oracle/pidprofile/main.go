// SPDX-License-Identifier: Apache-2.0

// A service that burns CPU at known places and profiles itself meanwhile: pidprofile FILE DURATION.
// Prints a line when it begins, and how much work it did at the end.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sort"
	"strconv"
	"sync"
	"time"
)

var (
	table = map[string]int{}
	sink  uint64
)

func mix(x uint64) uint64 { // small enough to be inlined
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>29
}

//go:noinline
func hash(n int) uint64 {
	var x uint64 = 1
	for i := 0; i < n; i++ {
		x = mix(x + uint64(i))
	}
	return x
}

//go:noinline
func fill(n int) {
	for i := 0; i < n; i++ {
		table[keys[i%len(keys)]] = i
	}
}

//go:noinline
func order(values []int) {
	for i := range values {
		values[i] = i * 7919 % 1009
	}
	sort.Ints(values)
}

var keys [512]string

type server struct{ work uint64 }

func (s *server) worker(route string, until time.Time, step func()) {
	pprof.Do(context.Background(), pprof.Labels("route", route), func(context.Context) {
		for time.Now().Before(until) {
			step()
			s.work++
			runtime.Gosched()
		}
	})
}

func main() {
	runtime.GOMAXPROCS(1)
	d, err := time.ParseDuration(os.Args[2])
	if err != nil {
		panic(err)
	}
	for i := range keys {
		keys[i] = "key" + strconv.Itoa(i)
	}
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	fmt.Println("begun")
	until := time.Now().Add(d)
	values := make([]int, 4000)
	servers := make([]server, 3)
	var wg sync.WaitGroup
	for i, w := range []struct {
		route string
		step  func()
	}{
		{"GET /hash", func() { sink += hash(200000) }},
		{"POST /fill", func() { fill(20000) }},
		{"GET /sorted", func() { order(values) }},
	} {
		i, w := i, w
		wg.Add(1)
		go func() {
			defer wg.Done()
			servers[i].worker(w.route, until, w.step)
		}()
	}
	wg.Wait()
	pprof.StopCPUProfile()
	f.Close()
	fmt.Println(servers[0].work + servers[1].work + servers[2].work)
}
