// Package pb has the shape of what protoc-gen-go-grpc writes.
package pb

type Chat_TalkServer interface{ Name() string }
type UnimplementedChatServer struct{}

func (UnimplementedChatServer) Talk(Chat_TalkServer) error { return nil }
