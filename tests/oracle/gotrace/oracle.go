// SPDX-License-Identifier: Apache-2.0

// Command oracle tells what Go's own trace parser makes of traces: oracle.py builds it against a
// copy of a toolchain's internal/trace (package ptrace there), with what differs between the versions
// (parse, newSummarizer).
//
//	oracle sum FILE...             one JSON line a file: events and time per goroutine and state
//	oracle convert OUT TEST...     *.test (txtar of text traces) to OUT/NAME.trace, with verdicts
//	oracle read FILE...            reads only (for the benchmark)
//	oracle summarize FILE...       reads and sums up with Go's own Summarizer (for the benchmark)
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	trace "ptrace"
)

type sums struct {
	File       string              `json:"file"`
	Err        string              `json:"err"`
	Events     int                 `json:"events"`
	Span       int64               `json:"span_ns"`
	Goroutines map[int64]*goStates `json:"goroutines"`
}

type goStates struct {
	Ns      [4]int64         `json:"ns"` // running, runnable, syscall, waiting
	Reasons map[string]int64 `json:"reasons"`
	Counts  map[string]int64 `json:"counts"`
	Assist  int64            `json:"assist_ns"`
	state   trace.GoState
	reason  string
	since   trace.Time
	assist  trace.Time
}

func (g *goStates) book(now trace.Time) {
	d := int64(now - g.since)
	switch g.state {
	case trace.GoRunning:
		g.Ns[0] += d
	case trace.GoRunnable:
		g.Ns[1] += d
	case trace.GoSyscall:
		g.Ns[2] += d
	case trace.GoWaiting:
		g.Ns[3] += d
		g.Reasons[g.reason] += d
	}
	g.since = now
}

func (s *sums) assist(g *goStates, kind trace.EventKind, now, first trace.Time) {
	if g == nil {
		return
	}
	switch kind {
	case trace.EventRangeBegin:
		g.assist = now
	case trace.EventRangeActive:
		if g.assist == 0 {
			g.assist = first
		}
	case trace.EventRangeEnd:
		from := g.assist
		if from == 0 {
			from = first
		}
		g.Assist += int64(now - from)
		g.assist = 0
	}
}

func sum(name string) *sums {
	s := &sums{File: name, Goroutines: map[int64]*goStates{}}
	f, err := os.Open(name)
	if err != nil {
		s.Err = err.Error()
		return s
	}
	defer f.Close()
	r, err := trace.NewReader(bufio.NewReader(f))
	if err != nil {
		s.Err = err.Error()
		return s
	}
	var first, last trace.Time
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.Err, _, _ = strings.Cut(err.Error(), "\n")
			break
		}
		if ev.Kind() == trace.EventSync {
			continue
		}
		if s.Events == 0 {
			first = ev.Time()
		}
		s.Events++
		last = ev.Time()
		switch ev.Kind() {
		case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
			if rg := ev.Range(); rg.Name == "GC mark assist" && rg.Scope.Kind == trace.ResourceGoroutine {
				s.assist(s.Goroutines[int64(rg.Scope.Goroutine())], ev.Kind(), last, first)
			}
			continue
		case trace.EventStateTransition:
		default:
			continue
		}
		st := ev.StateTransition()
		if st.Resource.Kind != trace.ResourceGoroutine {
			continue
		}
		from, to := st.Goroutine()
		if from == to {
			continue
		}
		id := int64(st.Resource.Goroutine())
		g := s.Goroutines[id]
		if g == nil {
			g = &goStates{Reasons: map[string]int64{}, Counts: map[string]int64{}}
			s.Goroutines[id] = g
		}
		switch from {
		case trace.GoUndetermined:
			g.since = first
		case trace.GoNotExist:
			g.since = last
		default:
			g.state = from
			g.book(last)
		}
		g.state = to
		if to == trace.GoWaiting {
			g.reason = st.Reason
			g.Counts[st.Reason]++
		}
	}
	for _, g := range s.Goroutines {
		g.book(last)
		if g.assist != 0 {
			g.Assist += int64(last - g.assist)
		}
	}
	s.Span = int64(last - first)
	return s
}

func convert(out, test string) {
	r, exp, err := parse(test)
	if err != nil {
		fmt.Println(test, "ERROR", err)
		os.Exit(1)
	}
	name := strings.TrimSuffix(filepath.Base(test), ".test")
	data, _ := io.ReadAll(r)
	if err := os.WriteFile(filepath.Join(out, name+".trace"), data, 0o644); err != nil {
		panic(err)
	}
	verdict := "SUCCESS"
	if exp.Check(nil) != nil {
		verdict = "FAILURE"
	}
	fmt.Println(name, verdict)
}

func read(name string, summarize bool) {
	f, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	r, err := trace.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		panic(err)
	}
	summer := newSummarizer()
	n := 0
	for {
		ev, err := r.ReadEvent()
		if err != nil {
			if err != io.EOF {
				fmt.Println(name, err)
			}
			break
		}
		n++
		if summarize {
			summer.Event(&ev)
		}
	}
	fmt.Println(name, n)
}

func main() {
	switch os.Args[1] {
	case "sum":
		enc := json.NewEncoder(os.Stdout)
		for _, f := range os.Args[2:] {
			enc.Encode(sum(f))
		}
	case "convert":
		for _, f := range os.Args[3:] {
			convert(os.Args[2], f)
		}
	case "read", "summarize":
		for _, f := range os.Args[2:] {
			read(f, os.Args[1] == "summarize")
		}
	}
}
