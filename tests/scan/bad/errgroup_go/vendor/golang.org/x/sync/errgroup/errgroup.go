// Package errgroup has the shape of the real one, for the pattern suite.
package errgroup

import "sync"

type Group struct {
	wg  sync.WaitGroup
	one sync.Once
	err error
}

func (g *Group) Go(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.one.Do(func() { g.err = err })
		}
	}()
}

func (g *Group) Wait() error { g.wg.Wait(); return g.err }
