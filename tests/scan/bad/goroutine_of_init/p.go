package p

import "time"

var stats = map[string]int{}

func init() {
	go func() {
		for range time.Tick(time.Millisecond) {
			stats["ticks"]++ // want unguarded-shared
		}
	}()
}

func Hit(k string) {
	stats[k]++ // want unguarded-shared
}
