package p

type Store struct{ m map[string]int }

func (s *Store) Add(k string) { s.bump(k, 1) }
func (s *Store) Sub(k string) { s.bump(k, -1) }
func (s *Store) bump(k string, n int) {
	s.m[k] += n // want exported-api
}
