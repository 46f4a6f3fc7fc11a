package atedispatcher

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// frame is one encoded protobuf message.
type frame []byte

// codec passes frames through without decoding them. gRPC's protobuf codec would decode the whole batch, and one
// malformed payload in it would end the stream; with this codec only that payload fails. The codec keeps the name
// "proto", because frames are protobuf and servers select their codec by the name.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Marshal accepts only a frame or a request.
func (codec) Marshal(message any) (mem.BufferSlice, error) {
	switch m := message.(type) {
	case frame:
		return mem.BufferSlice{mem.SliceBuffer(m)}, nil
	case request:
		if m.attempt.isMovable() {
			return nil, errGivenUp
		}
		return mem.BufferSlice{mem.SliceBuffer(m.body)}, nil
	}
	return nil, fmt.Errorf("atedispatcher: cannot marshal a %T", message)
}

// Unmarshal copies the data into a *frame, so that the frame outlives the buffers.
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
