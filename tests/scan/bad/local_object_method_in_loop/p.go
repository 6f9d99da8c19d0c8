package p

import "sync"

type tally struct{ m map[int]int }

func (t *tally) add(i int, wg *sync.WaitGroup) {
	defer wg.Done()
	t.m[i]++ // want unguarded-shared
}

func F(n int) int {
	t := &tally{m: map[int]int{}}
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go t.add(i, &wg)
	}
	wg.Wait()
	return len(t.m)
}
