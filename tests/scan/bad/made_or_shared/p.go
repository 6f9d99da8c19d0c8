package p

import "sync"

type Job struct {
	mu     sync.Mutex
	labels map[string]string
}

func (j *Job) Label(k, v string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.labels[k] = v
}
func (j *Job) Spec() map[string]string {
	l := map[string]string{}
	if j.labels != nil {
		l = j.labels
	}
	l["job"] = "1" // want inconsistent-lock
	return l
}
