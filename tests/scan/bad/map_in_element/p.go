package p

import "sync"

type room struct{ users map[string]bool }
type S struct {
	mu    sync.Mutex
	rooms map[string]*room
}

func (s *S) Join(r, u string)  { s.mu.Lock(); defer s.mu.Unlock(); s.rooms[r].users[u] = true }
func (s *S) Leave(r, u string) { s.mu.Lock(); defer s.mu.Unlock(); delete(s.rooms[r].users, u) }
func (s *S) Kick(r *room, u string) {
	delete(r.users, u) // want inconsistent-lock
}
