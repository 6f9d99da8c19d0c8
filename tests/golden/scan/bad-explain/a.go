package a

import "sync"

type S struct {
	mu sync.RWMutex
	m  map[string]int
}

func NewS() *S { s := &S{}; s.m = map[string]int{}; s.m["x"] = 1; return s }

func (s *S) Set(k string, v int) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = v }
func (s *S) Inc(k string)        { s.mu.RLock(); s.m[k]++; s.mu.RUnlock() }
func (s *S) Get(k string) int    { return s.m[k] }
func (s *S) Del(k string)        { delete(s.m, k) }
func (s *S) All() map[string]int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m }
func (s *S) Sum() int {
	t := 0
	for _, v := range s.All() {
		t += v
	}
	return t
}
func (s *S) dropLocked(k string) { delete(s.m, k) }
func (s *S) Drop(k string) {
	s.mu.Lock()
	s.dropLocked(k)
	s.mu.Unlock()
}

func par(xs []string) map[string]int {
	r := map[string]int{}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r[x] = len(x)
		}()
	}
	wg.Wait()
	return r
}

func parOK(xs []string) map[string]int {
	r := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			r[x] = len(x)
			mu.Unlock()
		}()
	}
	wg.Wait()
	for k := range r {
		_ = k
	}
	return r
}
