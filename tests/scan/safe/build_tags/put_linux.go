package p

func (s *S) Put(k string) { s.mu.Lock(); defer s.mu.Unlock(); s.m[k] = 1 }
