package p

import "time"

func F(in <-chan string) {
	m := map[string]int{}
	t := time.AfterFunc(time.Microsecond, func() { _ = len(m) })
	defer t.Stop()
	for {
		select {
		case k, ok := <-in:
			if !ok {
				return
			}
			m[k]++ // want captured-local
		}
	}
}
