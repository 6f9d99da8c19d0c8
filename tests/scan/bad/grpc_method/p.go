package p

import (
	"context"

	"example.org/pb"
)

type server struct {
	pb.UnimplementedStoreServer
	m map[string]string
}

func (s *server) Put(ctx context.Context, in *pb.PutRequest) (*pb.PutReply, error) {
	s.m[in.Key] = in.Value // want unguarded-shared
	return &pb.PutReply{}, nil
}
