package p

import "example.org/pb"

type chatServer struct {
	pb.UnimplementedChatServer
	peers map[string]pb.Chat_TalkServer
}

func (s *chatServer) Talk(stream pb.Chat_TalkServer) error {
	s.peers[stream.Name()] = stream // want unguarded-shared
	return nil
}
