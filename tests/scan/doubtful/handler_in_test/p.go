package p

import "net/http"

func Fetch(url string) error {
	r, err := http.Get(url)
	if err == nil {
		r.Body.Close()
	}
	return err
}
