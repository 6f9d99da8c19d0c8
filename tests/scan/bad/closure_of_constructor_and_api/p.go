package p

import "time"

type Limiter struct{ seen map[string]time.Time }

func New() *Limiter {
	l := &Limiter{seen: map[string]time.Time{}}
	go func() {
		for range time.Tick(time.Minute) {
			l.cleanup()
		}
	}()
	return l
}
func (l *Limiter) cleanup() {
	for k, t := range l.seen {
		if time.Since(t) > time.Hour {
			delete(l.seen, k) // want unguarded-shared
		}
	}
}
func (l *Limiter) Allow(ip string) bool { _, ok := l.seen[ip]; l.seen[ip] = time.Now(); return !ok }
