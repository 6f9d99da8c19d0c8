package p

import "net/http"

var sessions = map[string]string{}

func login(w http.ResponseWriter, r *http.Request) {
	sessions[r.FormValue("user")] = "x" // want unguarded-shared
}

func Routes() { http.HandleFunc("/login", login) }
