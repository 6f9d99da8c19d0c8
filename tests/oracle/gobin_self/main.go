// SPDX-License-Identifier: Apache-2.0

// Prints the inlined chains of its own addresses, as its own runtime has them: the truth that
// gobin's reading of the same file is compared with. Arguments: the link-time address of main.main;
// addresses, also link-time, on stdin. Each answer is "address", then a line a frame, innermost
// first; wrappers are left out, as the runtime does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	_ "unsafe"
)

//go:linkname expand runtime/pprof.runtime_expandFinalInlineFrame
func expand(stk []uintptr) []uintptr

type table[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func (t *table[K, V]) set(k K, v V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.m[k] = v
}

func (t *table[K, V]) get(k K) V {
	t.mu.RLock()
	v := t.m[k]
	t.mu.RUnlock()
	return v
}

var seen = table[string, int]{m: map[string]int{}}

func main() {
	linked, _ := strconv.ParseUint(os.Args[1], 16, 64)
	bias := uintptr(reflect.ValueOf(main).Pointer()) - uintptr(linked)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if pprof.Lookup("goroutine") == nil || json.Valid(nil) {
		return
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		text := strings.TrimSpace(in.Text())
		pc, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			continue
		}
		seen.set(text, seen.get(text)+1)
		fmt.Fprintln(out, text)
		frames := runtime.CallersFrames(expand([]uintptr{uintptr(pc) + bias + 1}))
		for {
			f, more := frames.Next()
			fmt.Fprintf(out, "\t%s\t%s:%d\n", f.Function, f.File, f.Line)
			if !more {
				break
			}
		}
	}
}
