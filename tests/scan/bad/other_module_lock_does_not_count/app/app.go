package app

import (
	"sync"

	"example.org/store"
)

type App struct {
	mu sync.Mutex
	s  *store.Store
}

func New() *App                 { return &App{s: store.New()} }
func (a *App) Set(k string)     { a.mu.Lock(); defer a.mu.Unlock(); a.s.Set(k) }
func (a *App) Get(k string) int { return a.s.Get(k) }
