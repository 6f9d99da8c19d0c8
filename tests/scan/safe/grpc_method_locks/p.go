package p

import (
	"context"
	"sync"

	"example.org/pb"
)

type server struct {
	pb.UnimplementedStoreServer
	mu sync.Mutex
	m  map[string]string
}

func (s *server) Put(ctx context.Context, in *pb.PutRequest) (*pb.PutReply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[in.Key] = in.Value
	return &pb.PutReply{}, nil
}
