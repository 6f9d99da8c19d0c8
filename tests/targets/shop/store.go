// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"sync"
	"time"
)

type order struct {
	sku, user string
	cents     int
}

const ordersKept = 5000

// orderBook: a Mutex, always taken. Old orders are archived, so that the map stays small.
type orderBook struct {
	mu       sync.Mutex
	byID     map[string]order
	next     uint64
	oldest   uint64
	archived uint64
}

func newOrderBook() *orderBook { return &orderBook{byID: map[string]order{}} }

func (b *orderBook) place(o order) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := strconv.FormatUint(b.next, 10)
	b.next++
	b.byID[id] = o
	if len(b.byID) > ordersKept {
		delete(b.byID, strconv.FormatUint(b.oldest, 10))
		b.oldest++
		b.archived++
	}
	return id
}

func (b *orderBook) get(id string) (order, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.byID[id]
	return o, ok
}

// total is the number of orders ever booked, by what the map says.
func (b *orderBook) total() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(len(b.byID)) + b.archived
}

// sessionStore: an RWMutex; the last visit of each user, expired by a sweeper.
type sessionStore struct {
	mu   sync.RWMutex
	last map[string]time.Time
}

func newSessionStore() *sessionStore { return &sessionStore{last: map[string]time.Time{}} }

func (s *sessionStore) touch(user string) {
	s.mu.RLock()
	t, ok := s.last[user]
	s.mu.RUnlock()
	if ok && time.Since(t) < 50*time.Millisecond {
		return
	}
	s.mu.Lock()
	s.last[user] = time.Now()
	s.mu.Unlock()
}

func (s *sessionStore) expire() {
	for {
		time.Sleep(20 * time.Millisecond)
		s.mu.Lock()
		for u, t := range s.last {
			if time.Since(t) > time.Second {
				delete(s.last, u)
			}
		}
		s.mu.Unlock()
	}
}

// metrics: counters behind a Mutex, with a total of their own to check them against.
type metrics struct {
	mu    sync.Mutex
	byKey map[string]uint64
	n     uint64
}

func newMetrics() *metrics { return &metrics{byKey: map[string]uint64{}} }

func (m *metrics) count(key string) {
	m.mu.Lock()
	m.byKey[key]++
	m.n++
	m.mu.Unlock()
}

func (m *metrics) sum() (n, sum uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.byKey {
		sum += v
	}
	return m.n, sum
}

func (m *metrics) serve(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]string, 0, len(m.byKey))
	for k := range m.byKey {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Fprintf(w, "shop_requests_total{route=%q} %d\n", k, m.byKey[k])
	}
}

var rolled int

// rollup adds up what nobody asks for, in a map of its own: hot, private, innocent.
func rollup(rate int) {
	if rate <= 0 {
		return
	}
	totals := map[int]int{}
	for i := 0; ; {
		for end := i + rate/100 + 1; i < end; i++ {
			totals[i&1023] += i
		}
		rolled = len(totals)
		time.Sleep(10 * time.Millisecond)
	}
}
