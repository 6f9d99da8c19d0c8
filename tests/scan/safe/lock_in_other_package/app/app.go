package app

import (
	"sync"

	"example.org/store"
)

type App struct {
	mu sync.Mutex
	t  *store.Table
}

func New() *App                 { return &App{t: store.New()} }
func (a *App) Set(k string)     { a.mu.Lock(); defer a.mu.Unlock(); a.t.Set(k) }
func (a *App) Get(k string) int { a.mu.Lock(); defer a.mu.Unlock(); return a.t.Get(k) }
func (a *App) Start()           { go a.Set("x"); go a.Get("x") }
