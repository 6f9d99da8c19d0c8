// SPDX-License-Identifier: Apache-2.0

// A service in small that writes every profile Go has, in both formats, into the folder given:
// NAME.pb.gz and NAME.txt. It fills maps directly, through encoding/json and through reflect,
// contends for a mutex, blocks on channels, leaks goroutines and labels its CPU samples.
package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

type record struct{ fields [20]int64 }

var (
	names   = map[string][]byte{}
	records = map[int]record{}
	decoded map[string]int
)

//go:noinline
func fillNames(n int) {
	for i := 0; i < n; i++ {
		names[strconv.Itoa(i)] = nil
	}
}

//go:noinline
func fillRecords(n int) {
	for i := 0; i < n; i++ {
		records[i] = record{}
	}
}

//go:noinline
func forget(n int) {
	for i := 0; i < n; i++ {
		delete(names, strconv.Itoa(i))
	}
}

func decode(text []byte) {
	decoded = nil
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err)
	}
}

func orders(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
		fillNames(2000)
		forget(1000)
	}
}

func payments(d time.Duration) {
	var b strings.Builder
	b.WriteString(`{"k0":0`)
	for i := 1; i < 500; i++ {
		b.WriteString(`,"k` + strconv.Itoa(i) + `":` + strconv.Itoa(i))
	}
	b.WriteString("}")
	text := []byte(b.String())
	for began := time.Now(); time.Since(began) < d; {
		decode(text)
	}
}

func contend() {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 100; j++ {
				mu.Lock()
				time.Sleep(50 * time.Microsecond)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

func leak() {
	ch := make(chan int)
	for i := 0; i < 7; i++ {
		go func() { <-ch }()
	}
}

func main() {
	dir := os.Args[1]
	span := 400 * time.Millisecond
	runtime.MemProfileRate = 4096
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	fillNames(300000)
	fillRecords(100000)
	contend()
	leak()
	time.Sleep(20 * time.Millisecond)
	create := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			panic(err)
		}
		return f
	}
	f := create("cpu.pb.gz")
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	pprof.Do(context.Background(), pprof.Labels("route", "GET /order", "tenant", "a"),
		func(context.Context) { orders(span) })
	pprof.Do(context.Background(), pprof.Labels("route", "POST /pay"),
		func(context.Context) { payments(span) })
	pprof.StopCPUProfile()
	f.Close()
	runtime.GC()
	for _, p := range pprof.Profiles() {
		for debug, suffix := range []string{".pb.gz", ".txt"} {
			f := create(p.Name() + suffix)
			if err := p.WriteTo(f, debug); err != nil {
				panic(err)
			}
			f.Close()
		}
	}
	runtime.KeepAlive(names)
	runtime.KeepAlive(records)
}
