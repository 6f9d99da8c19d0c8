// SPDX-License-Identifier: Apache-2.0

// shop is a small HTTP service with the map use of a real one, and one race in it.
//
//	POST /order?sku=S&user=U  places an order            GET /order?id=N  shows it
//	POST /drag?turns=N        from now on each request burns N turns of CPU: the bench's known slow-down
//	GET  /healthz             its own book-keeping, 500 if it does not add up
//	GET  /metrics             counters                   GET /debug/pprof/...
//
// Maps: orders (Mutex), sessions (RWMutex), counters (Mutex), a basket per request (private), the
// roll-up's own totals (private, hot), and the catalogue's quotes, which the order handler and the
// refresher write with no common lock: that is the race. Both write keys that exist, one word each,
// some sixty times a second: the runtime notices that only if both are inside within half a
// microsecond, so the service lives although it races, for two to five minutes even on a loaded host
// with two CPUs (measured with twenty at once). With 120 orders a second on several connections it is
// less than one: handlers then race with each other too.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"../kit"
)

var (
	listen  = flag.String("listen", "127.0.0.1:0", "address")
	rate    = flag.Float64("rate", 50, "writes a second of the refresher")
	self    = flag.Float64("self-load", 0, "orders a second that the service places with itself")
	hot     = flag.Int("hot", 20000, "writes a second to the roll-up's private map")
	fixed   = flag.Bool("fixed", false, "take the lock that the race lacks")
	raceOff = flag.Bool("race-off", false, "no refresher: one writer only")
	users   = flag.Int("users", 200, "different users")
)

type server struct {
	page     *kit.Page
	catalog  *catalog
	orders   *orderBook
	sessions *sessionStore
	metrics  *metrics
	handled  uint64
	placed   uint64
	drag     int64 // turns of CPU that each request wastes: a slow-down of known size
}

func (s *server) order(w http.ResponseWriter, r *http.Request) {
	atomic.AddUint64(&s.handled, 1)
	if turns := atomic.LoadInt64(&s.drag); turns > 0 {
		atomic.AddInt64(&wasted, waste(turns))
	}
	s.metrics.count(r.Method + " /order")
	if r.Method == http.MethodGet {
		o, ok := s.orders.get(r.FormValue("id"))
		if !ok {
			http.Error(w, "no such order", http.StatusNotFound)
			return
		}
		fmt.Fprintf(w, "{\"sku\":%q,\"cents\":%d}\n", o.sku, o.cents)
		return
	}
	sku, user := r.FormValue("sku"), r.FormValue("user")
	if !s.catalog.known(sku) {
		http.Error(w, "no such article", http.StatusBadRequest)
		return
	}
	s.sessions.touch(user)
	basket := map[string]int{}
	for i, part := range []string{"article", "post", "wrapping"} {
		basket[part] = len(sku) * (i + 1)
	}
	cents := 0
	for _, c := range basket {
		cents += c
	}
	s.catalog.remember(sku, int64(cents))
	id := s.orders.place(order{sku, user, cents})
	atomic.AddUint64(&s.placed, 1)
	fmt.Fprintf(w, "{\"id\":%q,\"cents\":%d}\n", id, cents)
}

var wasted int64

//go:noinline
func waste(turns int64) (x int64) {
	for i := int64(0); i < turns; i++ {
		x += i ^ (x >> 3)
	}
	return
}

// setDrag answers with the nanoseconds that so many turns take here.
func (s *server) setDrag(w http.ResponseWriter, r *http.Request) {
	turns, err := strconv.ParseInt(r.FormValue("turns"), 10, 64)
	if err != nil || turns < 0 || turns > 1e9 {
		http.Error(w, "turns=0..1e9", http.StatusBadRequest)
		return
	}
	atomic.StoreInt64(&s.drag, turns)
	best := time.Hour
	for i := 0; i < 20; i++ {
		began := time.Now()
		waste(1e5)
		if d := time.Since(began); d < best {
			best = d
		}
	}
	fmt.Fprintf(w, "%.0f\n", float64(best.Nanoseconds())*float64(turns)/1e5)
}

// healthz adds up: every order placed is in the book or has been archived, every request counted.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	err := s.check()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "ok handled=%d placed=%d quotes=%d refreshes=%d\n", atomic.LoadUint64(&s.handled),
		atomic.LoadUint64(&s.placed), atomic.LoadUint64(s.page.Side(0)), atomic.LoadUint64(s.page.Side(1)))
}

func (s *server) check() error {
	before := atomic.LoadUint64(&s.placed)
	booked := s.orders.total()
	// An order is booked before it is counted: at any instant at most the requests under way differ.
	if !s.page.Check(booked >= before && booked <= before+uint64(*users)+1000) {
		return fmt.Errorf("%d orders placed, %d in the book", before, booked)
	}
	n, sum := s.metrics.sum()
	if !s.page.Check(n == sum) {
		return fmt.Errorf("%d events counted, the counters add up to %d", n, sum)
	}
	return nil
}

func main() {
	flag.Parse()
	page := kit.Open()
	s := &server{page: page, catalog: newCatalog(page, *fixed), orders: newOrderBook(),
		sessions: newSessionStore(), metrics: newMetrics()}
	http.HandleFunc("/order", s.order)
	http.HandleFunc("/drag", s.setDrag)
	http.HandleFunc("/healthz", s.healthz)
	http.HandleFunc("/metrics", s.metrics.serve)
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
	page.Ready(unsafe.Pointer(&s.catalog.quotes), "http://"+l.Addr().String())
	go func() { panic(http.Serve(l, nil)) }()
	if !*raceOff {
		go s.catalog.refresher(*rate)
	}
	go s.sessions.expire()
	go rollup(*hot)
	go func() {
		for {
			time.Sleep(200 * time.Millisecond)
			if err := s.check(); err != nil {
				fmt.Fprintln(os.Stderr, "shop:", err)
			}
		}
	}()
	if *self > 0 {
		go selfLoad("http://"+l.Addr().String(), *self)
	}
	page.Wait(0)
}

// selfLoad places orders with the service itself, over loopback, one after the other.
func selfLoad(url string, rate float64) {
	for r := kit.NewRandom(100); ; r.Pause(rate) {
		resp, err := http.Post(fmt.Sprintf("%s/order?sku=%s&user=u%d", url, skus[r.Next()%uint64(len(skus))],
			r.Next()%uint64(*users)), "text/plain", nil)
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
}
