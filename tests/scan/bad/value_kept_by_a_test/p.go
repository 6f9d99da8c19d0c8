package p

type Server struct{ protos map[string]int }

func (s *Server) Start() { go s.serve() }
func (s *Server) serve() {
	for s.protos["a"] < 9 {
		println("again")
	}
}
func (s *Server) Configure() { configure(s) }

func configure(s *Server) {
	s.protos["a"]++ // want unguarded-shared
}
