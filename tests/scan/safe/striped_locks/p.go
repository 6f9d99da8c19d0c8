package p

import "sync"

type stripe struct {
	sync.RWMutex
	_ [40]byte
}
type Series struct {
	mu     sync.Mutex
	locks  []stripe
	series []map[uint64]string
}

func New(n int) *Series {
	s := &Series{locks: make([]stripe, n), series: make([]map[uint64]string, n)}
	for i := range s.series {
		s.series[i] = map[uint64]string{}
	}
	return s
}
func (s *Series) Set(id uint64, v string) {
	i := id % uint64(len(s.series))
	s.locks[i].Lock()
	s.series[i][id] = v
	s.locks[i].Unlock()
}
func (s *Series) Get(id uint64) string {
	i := id % uint64(len(s.series))
	s.locks[i].RLock()
	defer s.locks[i].RUnlock()
	return s.series[i][id]
}
func (s *Series) Drop(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.series {
		s.locks[i].Lock()
		delete(s.series[i], id)
		s.locks[i].Unlock()
	}
}
