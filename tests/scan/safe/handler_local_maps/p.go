package p

import (
	"encoding/json"
	"net/http"
	"net/url"
)

func Hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	h := w.Header()
	h["X-A"] = []string{"b"}
	r.Header.Del("Cookie")
	q := r.URL.Query()
	q.Set("a", "b")
	v := url.Values{}
	v.Add("c", "d")
	reply := map[string]any{}
	reply["path"] = r.URL.Path
	json.NewEncoder(w).Encode(reply)
}
