package atedispatcher

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// frame is one message as it stands on the wire.
type frame []byte

// codec passes frames through unread, so that one malformed payload in a batch costs that payload and not the stream.
// It bears the name of the protobuf codec, since what it carries is protobuf and servers go by the name.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Marshal takes a frame.
func (codec) Marshal(message any) (mem.BufferSlice, error) {
	f, ok := message.(frame)
	if !ok {
		return nil, fmt.Errorf("atedispatcher: cannot marshal a %T", message)
	}
	return mem.BufferSlice{mem.SliceBuffer(f)}, nil
}

// Unmarshal fills a frame with bytes that are its own.
func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	f, ok := message.(*frame)
	if !ok {
		return fmt.Errorf("atedispatcher: cannot unmarshal into a %T", message)
	}
	*f = data.Materialize()
	return nil
}

// Name makes the content type application/grpc+proto.
func (codec) Name() string {
	return proto.Name
}
