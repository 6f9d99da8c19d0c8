// SPDX-License-Identifier: Apache-2.0

// mortal: two sides race on a map until something happens to the process.
//
//	mortal [-after 2s] [-alone] -end exit|exec|panic|fork
//
// exec: becomes itself again, without an end; fork: starts a child of the same binary each -after,
// which writes the same map's address for a while and exits.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"../kit"
)

var (
	after = flag.Duration("after", 2*time.Second, "when")
	end   = flag.String("end", "exit", "exit, exec, panic, fork, none")
	rate  = flag.Float64("rate", 50, "writes a second of each side")
	alone = flag.Bool("alone", false, "one side only: nothing races, whatever children do")
	table = map[string]int{}
	keys  = kit.Keys(32)
)

func left(i int)  { table[keys[i%len(keys)]] = i } // race:left
func right(i int) { table[keys[i%len(keys)]] = i } // race:right

func side(n int, f func(int), counter *uint64) {
	r := kit.NewRandom(n)
	for i := 0; ; i++ {
		f(i)
		*counter++
		r.Pause(*rate)
	}
}

func main() {
	flag.Parse()
	for i := range keys {
		left(i)
	}
	page := kit.Open()
	page.Ready(unsafe.Pointer(&table), *end)
	go side(1, left, page.Side(0))
	if *end == "child" {
		time.Sleep(*after)
		return
	}
	if !*alone {
		go side(2, right, page.Side(1))
	}
	for {
		time.Sleep(*after)
		switch *end {
		case "exit":
			return
		case "exec":
			os.Unsetenv("GATE")
			err := syscall.Exec("/proc/self/exe", []string{os.Args[0], "-end", "none"}, os.Environ())
			fmt.Fprintln(os.Stderr, "mortal: exec:", err)
			os.Exit(1)
		case "panic":
			panic("the end")
		case "fork":
			c := exec.Command("/proc/self/exe", "-end", "child", "-after", "1s", "-rate", fmt.Sprint(*rate))
			c.Env = []string{"PATH=/usr/bin:/bin"}
			go c.Run()
		}
	}
}
