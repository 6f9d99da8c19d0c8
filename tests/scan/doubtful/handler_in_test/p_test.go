package p

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestFetch(t *testing.T) {
	seen := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path]++ // want captured-local
	}))
	defer s.Close()
	if err := Fetch(s.URL + "/a"); err != nil {
		t.Fatal(err)
	}
}
