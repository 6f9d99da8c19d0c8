package p

import "net/http"

type job struct{ args map[string]string }

func (j *job) set(k, v string) { j.args[k] = v }

func Handle(w http.ResponseWriter, r *http.Request) {
	j := &job{args: map[string]string{}}
	j.set("path", r.URL.Path)
	for k := range r.URL.Query() {
		j.set(k, "x")
	}
}
