package p

func (s *S) Put(k string) { s.m[k] = 2 }
