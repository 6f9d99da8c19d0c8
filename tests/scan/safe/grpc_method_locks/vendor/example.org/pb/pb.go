// Package pb has the shape of what protoc-gen-go-grpc writes.
package pb

import "context"

type PutRequest struct{ Key, Value string }
type PutReply struct{}
type UnimplementedStoreServer struct{}

func (UnimplementedStoreServer) Put(context.Context, *PutRequest) (*PutReply, error) {
	return nil, nil
}
