// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Request and answer: the server locks, the client, who waits for the answer, does not.
func requestAnswer() {
	var mu sync.Mutex
	requests, answers := make(chan int), make(chan int)
	go func() {
		for i := range requests {
			mu.Lock()
			shared[keys[i&31]]++
			mu.Unlock()
			add(1, 1)
			answers <- i
		}
	}()
	forever(1, func(i int) {
		shared[keys[i&31]] = i
		add(0, 1)
		requests <- i
		<-answers
		page.Check(shared[keys[i&31]] == i+1)
	})
}

// The same over pipes: the kernel orders the two. (The race detector knows pipes of package os.)
func requestPipe() {
	fromClient, toServer, err1 := os.Pipe()
	fromServer, toClient, err2 := os.Pipe()
	if err1 != nil || err2 != nil {
		panic("no pipe")
	}
	go func() {
		b := make([]byte, 1)
		for {
			fromClient.Read(b)
			shared[keys[int(b[0])&31]]++
			add(1, 1)
			toClient.Write(b)
		}
	}()
	forever(1, func(i int) {
		b := []byte{byte(i)}
		shared[keys[i&31]] = i
		add(0, 1)
		toServer.Write(b)
		fromServer.Read(b)
		page.Check(shared[keys[i&31]] == i+1)
	})
}

// The same by a call of itself: the handler locks, the client, who waits for the answer, does not.
func requestHTTP() {
	var mu sync.Mutex
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		shared[r.URL.Path[1:]]++
		mu.Unlock()
		add(1, 1)
	}))
	forever(1, func(i int) {
		shared[keys[i&31]] = i
		add(0, 1)
		answer, err := http.Get("http://" + l.Addr().String() + "/" + keys[i&31])
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		page.Check(shared[keys[i&31]] == i+1)
	})
}

// Both callers hold the outer lock; one of them takes a nearer one too.
func outerLock() {
	var outer, inner sync.Mutex
	near := func(i int) {
		inner.Lock()
		shared[keys[i&31]] = i
		inner.Unlock()
	}
	go forever(2, func(i int) {
		outer.Lock()
		near(i)
		outer.Unlock()
		add(0, 1)
	})
	forever(1, func(i int) {
		outer.Lock()
		shared[keys[i&31]] = -i
		outer.Unlock()
		add(1, 1)
	})
}

// Readers of the RWMutex that write under an inner lock, against writers of the RWMutex alone.
func rlockAndInner() {
	var rw sync.RWMutex
	var inner sync.Mutex
	for w := 0; w < 2; w++ {
		go forever(2+w, func(i int) {
			rw.RLock()
			inner.Lock()
			shared[keys[i&31]] = i
			inner.Unlock()
			rw.RUnlock()
			add(0, 1)
		})
	}
	forever(1, func(i int) {
		rw.Lock()
		shared[keys[i&31]] = -i
		rw.Unlock()
		add(1, 1)
	})
}

func channelAsMutex() {
	mutex := make(chan struct{}, 1)
	for w := 0; w < 2; w++ {
		go func(w int) {
			forever(w, func(i int) {
				mutex <- struct{}{}
				shared[keys[i&31]]++
				<-mutex
				add(w, 1)
			})
		}(w)
	}
	select {}
}

// Writers fill the current map under the lock; the drainer swaps it and works on the old one alone.
func doubleBuffer() {
	var mu sync.Mutex
	front, back := map[string]int{}, map[string]int{}
	for w := 0; w < 2; w++ {
		go forever(2+w, func(i int) {
			mu.Lock()
			front[keys[i&31]]++
			mu.Unlock()
			add(0, 1)
		})
	}
	forever(1, func(i int) {
		mu.Lock()
		front, back = back, front
		mu.Unlock()
		for k := range back {
			back[k] = 0
			delete(back, k)
		}
		add(1, 1)
		page.Check(len(back) == 0)
	})
}

type twin struct {
	muA, muB sync.Mutex
	a, b     map[string]int
}

func twoMapsTwoLocks() {
	t := &twin{a: map[string]int{}, b: map[string]int{}}
	for w := 0; w < 2; w++ {
		go func(w int) {
			forever(2+w, func(i int) {
				t.muA.Lock()
				t.a[keys[i&31]]++
				t.muA.Unlock()
				t.muB.Lock()
				t.b[keys[i&31]]++
				t.muB.Unlock()
				add(w, 2)
			})
		}(w)
	}
	select {}
}

// A word beside the map is never zero and changes all the time: it is no lock. The channel is.
type counted struct {
	inFlight int64
	m        map[string]int
	token    chan int
}

func counterNotLock() {
	c := &counted{inFlight: 5, m: map[string]int{}, token: make(chan int, 1)}
	work := func(side, i int) {
		atomic.AddInt64(&c.inFlight, 1)
		c.token <- 1
		c.m[keys[i&31]] = i
		<-c.token
		atomic.AddInt64(&c.inFlight, -1)
		add(side, 1)
	}
	go forever(2, func(i int) { work(1, i) })
	forever(1, func(i int) { work(0, i) })
}

var pool = sync.Pool{New: func() interface{} { return map[string]int{} }}

func syncPool() {
	for w := 0; w < 3; w++ {
		go func(w int) {
			forever(w, func(i int) {
				m := pool.Get().(map[string]int)
				m[keys[i&31]] = w
				page.Check(m[keys[i&31]] == w)
				delete(m, keys[i&31])
				add(w, 1)
				pool.Put(m)
			})
		}(w)
	}
	select {}
}

func copyOnWrite() {
	var current atomic.Value
	var mu sync.Mutex
	current.Store(map[string]int{})
	for w := 0; w < 2; w++ {
		go forever(2+w, func(i int) {
			mu.Lock()
			next := map[string]int{}
			for k, v := range current.Load().(map[string]int) {
				next[k] = v
			}
			next[keys[i&31]]++
			current.Store(next)
			mu.Unlock()
			add(0, 1)
		})
	}
	forever(1, func(i int) {
		atomic.AddInt64(&sink, int64(current.Load().(map[string]int)[keys[i&31]]))
		add(1, 1)
	})
}

var nothing map[string]int

func nilMaps() {
	for w := 0; w < 2; w++ {
		go func(w int) {
			forever(w, func(i int) {
				delete(nothing, keys[i&31])
				page.Check(nothing[keys[i&31]] == 0)
				for range nothing {
					page.Check(false)
				}
				add(w, 1)
			})
		}(w)
	}
	select {}
}

var kept [4]map[string]int

// Each request has a map of its own, and the collector gives its address to the next.
func shortLived() {
	for w := 0; w < len(kept); w++ {
		go func(w int) {
			forever(w, func(i int) {
				m := make(map[string]int, 40)
				for _, k := range keys[:8] {
					m[k] = i
				}
				page.Check(m[keys[3]] == i)
				kept[w] = m
				add(w, 1)
			})
		}(w)
	}
	for {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}
