package p

import "sync"

var loggers = map[string]int{}

func Logger(k string) int {
	if _, ok := loggers[k]; !ok {
		loggers[k] = len(k) // want exported-api
	}
	return loggers[k]
}

type Job struct {
	mu sync.Mutex
	n  int
}

func (j *Job) Do(k string) {
	j.mu.Lock()
	j.n = Logger(k)
	j.mu.Unlock()
}
func Plain(k string) int { return Logger(k) }
