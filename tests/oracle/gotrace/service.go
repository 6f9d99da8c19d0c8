// SPDX-License-Identifier: Apache-2.0

// A service that does everything an execution trace can tell of, and traces itself: service FILE
// DURATION [hot]. With "hot" it does little but hand over channels (many events a second).
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var shared = map[string]int{}
var mu sync.Mutex
var sink [][]byte
var total int64

func mapWriter(id int, stop *int32) {
	m := map[string]int{}
	for atomic.LoadInt32(stop) == 0 {
		for i := 0; i < 5000; i++ {
			m["key"+strconv.Itoa(i*id)] = i
		}
		mu.Lock()
		shared["x"+strconv.Itoa(id)]++
		mu.Unlock()
		runtime.Gosched()
	}
}

func producer(ch chan<- int, stop *int32) {
	for i := 0; atomic.LoadInt32(stop) == 0; i++ {
		ch <- i
	}
	close(ch)
}

func consumer(ch <-chan int, wg *sync.WaitGroup) {
	defer wg.Done()
	for v := range ch {
		atomic.AddInt64(&total, int64(v))
		b := make([]byte, 2048)
		mu.Lock()
		if len(sink) > 2000 {
			sink = nil
		}
		sink = append(sink, b)
		mu.Unlock()
	}
}

func syscaller(stop *int32) {
	f, err := os.Open("/proc/self/stat")
	if err != nil {
		panic(err)
	}
	b := make([]byte, 512)
	for atomic.LoadInt32(stop) == 0 {
		f.ReadAt(b, 0)
		time.Sleep(200 * time.Microsecond)
	}
}

func pipes(stop *int32) {
	r, w, _ := os.Pipe()
	go func() {
		b := make([]byte, 16)
		for {
			if _, err := r.Read(b); err != nil {
				return
			}
		}
	}()
	for atomic.LoadInt32(stop) == 0 {
		w.Write([]byte("hello"))
		time.Sleep(time.Millisecond)
	}
	w.Close()
}

func short(wg *sync.WaitGroup) { defer wg.Done(); time.Sleep(time.Microsecond) }

func main() {
	out, _ := os.Create(os.Args[1])
	d, _ := time.ParseDuration(os.Args[2])
	hot := len(os.Args) > 3
	if os.Getenv("PROF") != "" {
		p, _ := os.Create(os.Args[1] + ".prof")
		pprof.StartCPUProfile(p)
		defer pprof.StopCPUProfile()
	}
	forever := make(chan int)
	go func() { <-forever }()
	time.Sleep(time.Millisecond)
	if err := trace.Start(out); err != nil {
		panic(err)
	}
	var stop int32
	var wg, cg sync.WaitGroup
	ch := make(chan int, 4)
	go producer(ch, &stop)
	for i := 0; i < 4; i++ {
		cg.Add(1)
		go consumer(ch, &cg)
	}
	if !hot {
		for i := 1; i < 4; i++ {
			go mapWriter(i, &stop)
		}
		go syscaller(&stop)
		go pipes(&stop)
	}
	end := time.Now().Add(d)
	for time.Now().Before(end) {
		for i := 0; i < 10; i++ {
			wg.Add(1)
			go short(&wg)
		}
		wg.Wait()
		if !hot {
			time.Sleep(time.Millisecond)
		}
	}
	atomic.StoreInt32(&stop, 1)
	cg.Wait()
	trace.Stop()
	out.Close()
	fmt.Println(runtime.Version(), total, len(shared))
}
