// SPDX-License-Identifier: Apache-2.0

// Prints the inlined chains of addresses of another Go program, stripped or not, as this program's
// own runtime has them: the other's segments are mapped, its relocations done, and its moduledata is
// hung behind our own, so that runtime.CallersFrames reads the other's tables. Both must come from
// the same minor version of Go (the layout of moduledata), and this one must be built with
// -buildmode=pie, so that the places of the other are free.
//
// Arguments: the program, the link-time address of its moduledata; addresses, also link-time, on
// stdin. Answers as those of gobin_self.
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

//go:linkname expand runtime/pprof.runtime_expandFinalInlineFrame
func expand(stk []uintptr) []uintptr

//go:linkname firstmoduledata runtime.firstmoduledata
var firstmoduledata [1]uintptr

const (
	pieBase = 0x100000000000
	page    = 4096
	threads = 64 // more than there are addresses without an answer
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Offset of runtime.moduledata.next, from our own DWARF.
func offsetOfNext() uintptr {
	self, err := elf.Open("/proc/self/exe")
	must(err)
	defer self.Close()
	d, err := self.DWARF()
	must(err)
	for r := d.Reader(); ; {
		entry, err := r.Next()
		must(err)
		if entry == nil {
			break
		}
		if entry.Tag != dwarf.TagStructType || entry.Val(dwarf.AttrName) != "runtime.moduledata" {
			continue
		}
		t, err := d.Type(entry.Offset)
		must(err)
		for _, f := range t.(*dwarf.StructType).Field {
			if f.Name == "next" {
				return uintptr(f.ByteOffset)
			}
		}
	}
	must(fmt.Errorf("no runtime.moduledata.next in our own DWARF"))
	return 0
}

func bytesAt(addr uintptr, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(addr)), n)
}

// Maps the segments; returns what was added to their addresses.
func load(f *elf.File) uintptr {
	bias := uintptr(0)
	if f.Type == elf.ET_DYN {
		bias = pieBase
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		lo := (bias + uintptr(p.Vaddr)) &^ (page - 1)
		hi := (bias + uintptr(p.Vaddr+p.Memsz) + page - 1) &^ (page - 1)
		const fixedNoReplace = 0x100000
		at, _, errno := syscall.Syscall6(syscall.SYS_MMAP, lo, hi-lo, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANON|fixedNoReplace, ^uintptr(0), 0)
		if errno != 0 || at != lo {
			must(fmt.Errorf("segment at %#x: %v", lo, errno))
		}
		_, err := p.ReadAt(bytesAt(bias+uintptr(p.Vaddr), p.Filesz), 0)
		must(err)
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		data, err := s.Data()
		must(err)
		for ; len(data) >= 24; data = data[24:] {
			word := binary.LittleEndian.Uint64
			if elf.R_X86_64(word(data[8:])) == elf.R_X86_64_RELATIVE {
				value := uint64(bias) + word(data[16:])
				binary.LittleEndian.PutUint64(bytesAt(bias+uintptr(word(data)), 8), value)
			}
		}
	}
	return bias
}

// The answer for one address. There are inline trees with a node that is its own caller (Debian's
// prometheus 2.53): the runtime goes round there for ever, which is said, and its thread is left to it.
func chain(pc uintptr) string {
	answer := make(chan string, 1)
	go func() {
		var text strings.Builder
		frames := runtime.CallersFrames(expand([]uintptr{pc + 1}))
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			fmt.Fprintf(&text, "\t%s\t%s:%d\n", f.Function, f.File, f.Line)
		}
		answer <- text.String()
	}()
	select {
	case text := <-answer:
		return text
	case <-time.After(3 * time.Second):
		return "\tNEVER RETURNS\t:0\n"
	}
}

func main() {
	f, err := elf.Open(os.Args[1])
	must(err)
	module, err := strconv.ParseUint(strings.TrimPrefix(os.Args[2], "0x"), 16, 64)
	must(err)
	debug.SetGCPercent(-1) // a collection would look at the other's data too, and wait for such threads
	runtime.GOMAXPROCS(threads)
	bias := load(f)
	next := unsafe.Add(unsafe.Pointer(&firstmoduledata), offsetOfNext())
	*(*uintptr)(next) = bias + uintptr(module)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		text := strings.TrimSpace(in.Text())
		pc, err := strconv.ParseUint(text, 16, 64)
		must(err)
		fmt.Fprintf(out, "%s\n%s", text, chain(uintptr(pc)+bias))
	}
}
