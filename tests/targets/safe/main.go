// SPDX-License-Identifier: Apache-2.0

// safe: programs that share maps between goroutines and never race. None of them may be accused.
//
//	safe [-rate 100] CASE        safe -list
//
// Each writes steadily for as long as it runs, counts what each side did (sides 0 and 1 of the
// counters), and checks its own results. `go build -race` finds nothing in any of them.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"unsafe"

	"../kit"
)

var (
	rate = flag.Float64("rate", 100, "rounds a second")
	list = flag.Bool("list", false, "print the names of the cases")
	page *kit.Page
	keys = kit.Keys(32)
	sink int64
)

// shared is the map that most cases use. It is made anew where a case says so.
var shared = map[string]int{}

var cases = map[string]func(){
	"fill-then-share":      fillThenShare,
	"workers-then-wait":    workersThenWait,
	"fresh-map-per-round":  freshMapPerRound,
	"reused-map-per-round": reusedMapPerRound,
	"phases-channel":       phasesChannel,
	"phases-buffered":      phasesBuffered,
	"phases-cond":          phasesCond,
	"phases-atomic":        phasesAtomic,
	"phases-waitgroup":     phasesWaitGroup,
	"request-answer":       requestAnswer,
	"request-pipe":         requestPipe,
	"request-http":         requestHTTP,
	"outer-lock":           outerLock,
	"rlock-and-inner":      rlockAndInner,
	"channel-as-mutex":     channelAsMutex,
	"double-buffer":        doubleBuffer,
	"two-maps-two-locks":   twoMapsTwoLocks,
	"counter-not-lock":     counterNotLock,
	"sync-pool":            syncPool,
	"copy-on-write":        copyOnWrite,
	"nil-maps":             nilMaps,
	"short-lived":          shortLived,
}

func add(side int, n uint64) { atomic.AddUint64(page.Side(side), n) }

// forever runs f at -rate rounds a second.
func forever(salt int, f func(i int)) {
	r := kit.NewRandom(salt)
	for i := 0; ; i++ {
		f(i)
		r.Pause(*rate)
	}
}

func main() {
	flag.Parse()
	if *list {
		var names []string
		for n := range cases {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			fmt.Println(n)
		}
		return
	}
	f, ok := cases[flag.Arg(0)]
	if !ok {
		fmt.Fprintln(os.Stderr, "safe: no such case; see safe -list")
		os.Exit(2)
	}
	page = kit.Open()
	page.Ready(unsafe.Pointer(&shared), flag.Arg(0))
	go f()
	page.Wait(0)
}

// A map is filled by one goroutine, then given to readers: nobody writes it any more.
func fillThenShare() {
	forever(1, func(i int) {
		m := map[string]int{}
		for j, k := range keys {
			m[k] = i + j
		}
		add(0, uint64(len(keys)))
		var readers sync.WaitGroup
		for r := 0; r < 2; r++ {
			readers.Add(1)
			go func() {
				defer readers.Done()
				page.Check(m[keys[3]] == i+3)
				add(1, 1)
			}()
		}
		readers.Wait()
	})
}

func lockedWorkers(m map[string]int, mu *sync.Mutex, i int) {
	var workers sync.WaitGroup
	for w := 0; w < 2; w++ {
		workers.Add(1)
		go func(w int) {
			defer workers.Done()
			for _, k := range keys[:4] {
				mu.Lock()
				m[k] += w + 1
				mu.Unlock()
			}
			add(w, 4)
		}(w)
	}
	workers.Wait()
}

// Workers lock; after Wait the owner reads without the lock. A fresh map every round.
func workersThenWait() {
	forever(1, func(i int) {
		var mu sync.Mutex
		m := map[string]int{}
		lockedWorkers(m, &mu, i)
		page.Check(m[keys[0]] == 3)
	})
}

// The same, and the owner writes it without the lock before and after.
func freshMapPerRound() {
	forever(1, func(i int) {
		var mu sync.Mutex
		m := map[string]int{keys[0]: i}
		m[keys[1]] = i
		lockedWorkers(m, &mu, i)
		m[keys[2]]++
		page.Check(m[keys[0]] == i+3)
	})
}

// One map for all rounds: the owner writes it without the lock while no worker lives.
func reusedMapPerRound() {
	var mu sync.Mutex
	forever(1, func(i int) {
		for _, k := range keys[:4] {
			shared[k] = i
		}
		lockedWorkers(shared, &mu, i)
		page.Check(shared[keys[0]] == i+3)
	})
}

// Two long-lived goroutines take turns, ordered by channels.
func takeTurns(there, back chan int) {
	go func() {
		for i := range there {
			shared[keys[i&31]]++
			add(1, 1)
			back <- i
		}
	}()
	forever(1, func(i int) {
		shared[keys[i&31]] = i
		add(0, 1)
		there <- i
		<-back
		page.Check(shared[keys[i&31]] == i+1)
	})
}

func phasesChannel() { takeTurns(make(chan int), make(chan int)) }

func phasesBuffered() { takeTurns(make(chan int, 4), make(chan int, 4)) }

func phasesCond() {
	var mu sync.Mutex
	turn := 0
	cond := sync.NewCond(&mu)
	player := func(me int) {
		forever(me, func(i int) {
			mu.Lock()
			for turn != me {
				cond.Wait()
			}
			mu.Unlock()
			shared[keys[i&31]] += me // nobody else's turn: no lock needed
			add(me, 1)
			mu.Lock()
			turn = 1 - me
			mu.Unlock()
			cond.Broadcast()
		})
	}
	go player(1)
	player(0)
}

func phasesAtomic() {
	var turn int32
	player := func(me int32) {
		forever(int(me), func(i int) {
			for atomic.LoadInt32(&turn) != me {
				kit.NewRandom(i).Pause(5000)
			}
			shared[keys[i&31]] += int(me)
			add(int(me), 1)
			atomic.StoreInt32(&turn, 1-me)
		})
	}
	go player(1)
	player(0)
}

// A WaitGroup that is at zero already when it is waited for: nothing ever parks.
func phasesWaitGroup() {
	forever(1, func(i int) {
		var done sync.WaitGroup
		done.Add(1)
		go func() {
			shared[keys[i&31]] = i
			add(0, 1)
			done.Done()
		}()
		kit.NewRandom(i).Pause(500)
		done.Wait()
		shared[keys[i&31]]++
		add(1, 1)
		page.Check(shared[keys[i&31]] == i+1)
	})
}
