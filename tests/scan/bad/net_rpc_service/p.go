package p

type Args struct{ Key string }

// Store is registered with net/rpc: each call of a client runs in a goroutine of its own.
type Store struct{ n map[string]int }

func New() *Store { return &Store{n: map[string]int{}} }

func (s *Store) Add(args *Args, reply *int) error {
	s.n[args.Key]++ // want unguarded-shared
	*reply = s.n[args.Key]
	return nil
}
