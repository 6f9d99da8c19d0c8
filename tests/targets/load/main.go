// SPDX-License-Identifier: Apache-2.0

// load puts load on shop and measures it: load URL [-c 4] [-rate 0] [-for 5s] [-warm 200ms].
// -rate 0 sends as fast as answers come (closed loop); otherwise requests start at fixed times and
// latency counts from the time a request was due, so that a stall is not hidden (open loop).
// Prints one line of JSON: requests, errors, seconds, and latency percentiles in microseconds.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"sync"
	"time"
)

type result struct {
	latency []float64
	errors  int
}

func send(c *http.Client, base string, i int) error {
	resp, err := c.Post(fmt.Sprintf("%s/order?sku=k%02d&user=u%d", base, i%40, i*7919%200), "text/plain", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err = io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	return nil
}

func worker(base string, id, workers int, rate float64, start, measure, end time.Time, r *result) {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: 20 * time.Second}
	for i := 0; ; i++ {
		due := time.Now()
		if rate > 0 {
			due = start.Add(time.Duration(float64(i*workers+id) / rate * float64(time.Second)))
			time.Sleep(time.Until(due))
		}
		if due.After(end) {
			return
		}
		err := send(c, base, i*workers+id)
		if due.Before(measure) {
			continue
		}
		if err != nil {
			r.errors++
		} else {
			r.latency = append(r.latency, float64(time.Since(due))/1000)
		}
	}
}

func main() {
	c := flag.Int("c", 4, "connections")
	rate := flag.Float64("rate", 0, "requests a second in all, 0 = closed loop")
	length := flag.Duration("for", 5*time.Second, "time to measure")
	warm := flag.Duration("warm", 200*time.Millisecond, "time before that")
	flag.Parse()
	u, err := url.Parse(flag.Arg(0))
	if err != nil || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: load [-c N] [-rate R] [-for D] [-warm D] URL")
		os.Exit(2)
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		fmt.Fprintln(os.Stderr, "load: only a loopback address is loaded")
		os.Exit(2)
	}
	start := time.Now()
	measure := start.Add(*warm)
	end := measure.Add(*length)
	results := make([]result, *c)
	var wg sync.WaitGroup
	for i := range results {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			worker(flag.Arg(0), i, *c, *rate, start, measure, end, &results[i])
		}(i)
	}
	wg.Wait()
	var all []float64
	errors := 0
	for _, r := range results {
		all = append(all, r.latency...)
		errors += r.errors
	}
	sort.Float64s(all)
	q := func(p float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return all[int(p*float64(len(all)-1))]
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"requests": len(all), "errors": errors,
		"seconds": length.Seconds(), "p50_us": q(0.5), "p90_us": q(0.9), "p99_us": q(0.99), "max_us": q(1)})
	if len(all) == 0 {
		os.Exit(1)
	}
}
