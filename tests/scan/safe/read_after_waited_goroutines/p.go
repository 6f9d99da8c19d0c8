package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func Collect(xs []string) int {
	s := &S{m: map[string]int{}}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s.mu.Lock()
			defer s.mu.Unlock()
			s.m[x]++
		}()
	}
	wg.Wait()
	n := 0
	for _, v := range s.m {
		n += v
	}
	return n
}
