// SPDX-License-Identifier: Apache-2.0

// Package kit is what every test target shares: a page of counters in a mapped file, so that the
// harness sees what a target has done even after the target is dead, and a start-up line.
//
// Words of the page: 0 magic, 1 checks that failed, 2 checks made, 3 pid, 4 address of the map in
// question, 5 address of the word that holds it, 8.. operations by side.
package kit

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	magic     = 0x6d61707472617031
	pageBytes = 4096
	firstSide = 8
)

// Page is the mapped file named by $COUNTS, or anonymous memory where that is unset.
type Page [pageBytes / 8]uint64

// Open maps the page. A file that cannot be had is the harness's mistake: panic.
func Open() *Page {
	flags, fd := syscall.MAP_SHARED|syscall.MAP_ANON, -1
	if name := os.Getenv("COUNTS"); name != "" {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		if err == nil {
			err = f.Truncate(pageBytes)
		}
		if err != nil {
			panic(err)
		}
		flags, fd = syscall.MAP_SHARED, int(f.Fd())
	}
	b, err := syscall.Mmap(fd, 0, pageBytes, syscall.PROT_READ|syscall.PROT_WRITE, flags)
	if err != nil {
		panic(err)
	}
	p := (*Page)(unsafe.Pointer(&b[0]))
	p[3] = uint64(os.Getpid())
	atomic.StoreUint64(&p[0], magic)
	return p
}

// Side is the counter of one side. Its owner alone may use ++ on it, others atomic.AddUint64.
func (p *Page) Side(i int) *uint64 { return &p[firstSide+i] }

// Check counts one self-check.
func (p *Page) Check(ok bool) bool {
	if !ok {
		atomic.AddUint64(&p[1], 1)
	}
	atomic.AddUint64(&p[2], 1)
	return ok
}

// Failed is the number of self-checks that failed.
func (p *Page) Failed() uint64 { return atomic.LoadUint64(&p[1]) }

// Ready tells the harness that the target runs: "ready PID MAP WORD REST". With $GATE set it waits
// for one byte on stdin, so that probes can be in place before the first operation. word is the
// address of a map variable, or nil.
func (p *Page) Ready(word unsafe.Pointer, rest string) {
	if word != nil {
		p[4], p[5] = uint64(*(*uintptr)(word)), uint64(uintptr(word))
	}
	fmt.Printf("ready %d %#x %#x %s\n", os.Getpid(), p[4], p[5], rest)
	if os.Getenv("GATE") != "" {
		bufio.NewReader(os.Stdin).ReadByte()
	}
}

// Wait returns after d, or at SIGTERM or SIGINT if d is 0; the exit status is 1 if a check failed.
func (p *Page) Wait(d time.Duration) {
	if d > 0 {
		time.Sleep(d)
	} else {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM, os.Interrupt)
		<-c
	}
	if p.Failed() > 0 {
		os.Exit(1)
	}
}

// Random is a small generator of its own per goroutine (xorshift64).
type Random uint64

// NewRandom differs by process and by salt.
func NewRandom(salt int) *Random {
	r := Random(uint64(os.Getpid())*0x9e3779b97f4a7c15 + uint64(salt)*977 + 1)
	return &r
}

// Next is the next number.
func (r *Random) Next() uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r)
}

// Pause sleeps 0.5 to 1.5 times 1/rate: sides that pause so do not fall into step.
func (r *Random) Pause(rate float64) {
	time.Sleep(time.Duration((0.5 + float64(r.Next()%1000)/1000) * float64(time.Second) / rate))
}

// Spin burns about n (half to one and a half times) turns of CPU and returns something to keep.
func (r *Random) Spin(n int) int {
	s := 0
	for i := n/2 + int(r.Next()%uint64(n)); i > 0; i-- {
		s += i ^ (s >> 3)
	}
	return s
}

// Keys are n different strings.
func Keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%02d", i)
	}
	return keys
}
