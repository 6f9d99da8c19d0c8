// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"

	"../kit"
)

var skus = kit.Keys(40)

type catalog struct {
	articles map[string]string // never written after newCatalog
	mu       sync.Mutex        // should guard quotes; does so with -fixed only
	fixed    bool
	quotes   map[string]*int64 // last price of an article, in cents
	page     *kit.Page
}

func newCatalog(page *kit.Page, fixed bool) *catalog {
	c := &catalog{articles: map[string]string{}, fixed: fixed, quotes: map[string]*int64{}, page: page}
	for _, s := range skus {
		c.articles[s] = "article " + s
		c.quotes[s] = new(int64)
	}
	return c
}

func (c *catalog) known(sku string) bool {
	_, ok := c.articles[sku]
	return ok
}

// remember keeps the price that an order was made at.
func (c *catalog) remember(sku string, cents int64) {
	if c.fixed {
		c.mu.Lock()
	}
	c.quotes[sku] = &cents // race:handler
	if c.fixed {
		c.mu.Unlock()
	}
	atomic.AddUint64(c.page.Side(0), 1)
}

// refresher fetches new prices, article by article.
func (c *catalog) refresher(rate float64) {
	r := kit.NewRandom(1)
	for i := 0; ; i++ {
		c.refresh(skus[i%len(skus)], int64(r.Next()%10000))
		r.Pause(rate)
	}
}

func (c *catalog) refresh(sku string, cents int64) {
	if c.fixed {
		c.mu.Lock()
	}
	c.quotes[sku] = &cents // race:refresher
	if c.fixed {
		c.mu.Unlock()
	}
	atomic.AddUint64(c.page.Side(1), 1)
}
