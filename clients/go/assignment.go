package atedispatcher

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
)

// Assignment is one producer's copy of a request, as its handler receives it.
type Assignment struct {
	// Topic is the request's topic. It never has wildcards, even if the producer registered on a pattern.
	Topic string
	// RequestID is the id of the request; the same for all of its producers.
	RequestID string
	// ID is the id of this assignment.
	ID string
	// Attempt counts from 1. It is higher if another member of the group got the request first and disconnected before
	// it answered.
	Attempt int
	// Args are the positional arguments, never nil. Elements are nil, bool, float64, string, []any or map[string]any.
	Args []any
	// Kwargs are the keyword arguments, never nil. Values have the same types as in Args.
	Kwargs map[string]any
	// Data is the opaque payload; empty if there is none. The handler must not modify it.
	Data []byte
	// ContentType is the media type of Data. The server does not check it; may be empty.
	ContentType string
	// Attributes are the caller's annotations; may be nil.
	Attributes map[string]string
	// Context is the trace context; empty if the caller sent none.
	Context map[string]string

	send func(context.Context, Result) error
}

// Handler answers one assignment. An error or a panic becomes an error result, and the producer stays registered.
//
// The context ends when the TTL runs out, or earlier when the assignment is revoked. [context.Cause] then returns
// ErrExpired, ErrCompleted, ErrRequested, ErrCallerGone, ErrShutdown, ErrSessionLost or ErrClosed. After the handler
// has returned, the context ends with [context.Canceled].
//
// A handler whose context has ended should return an error; then nothing is sent. A result that it returns or sends
// nevertheless is a late result after ErrExpired, ErrCompleted, ErrRequested and ErrCallerGone: it is reported to
// OnDisposition as DispositionLate or DispositionCancelled, and only listeners with IncludeLate receive it. After the
// other causes it is dropped.
type Handler func(ctx context.Context, assignment *Assignment) (Result, error)

// Send sends a partial result. The result that the handler returns is the final one. Send waits while the stream is
// congested, so that results do not queue without bound.
//
// It fails with the cause of ctx once ctx has ended. Pass the handler's context; only a handler that continues after
// its revocation needs another one, such as [context.WithoutCancel] returns. Send also fails with [ErrUnserializable]
// if JSON cannot represent the value, and with [ErrResultTooLarge] above the server's message limit.
func (a *Assignment) Send(ctx context.Context, result Result) error {
	if a.send == nil {
		return &Error{Code: codes.FailedPrecondition, Reason: "NOT_ASSIGNED", Message: "Send needs an assignment from a dispatcher"}
	}
	return a.send(ctx, result)
}

// DecodeArg stores positional argument i, counted from 0, in the value that target points to, like
// [encoding/json.Unmarshal]. An argument that does not exist decodes as null. It fails with [ErrInvalidArgument] if the
// argument does not fit.
func (a *Assignment) DecodeArg(i int, target any) error {
	if i < 0 || i >= len(a.Args) {
		return decodeInto(nil, target)
	}
	return decodeInto(a.Args[i], target)
}

// DecodeKwargs stores the keyword arguments in the struct or map that target points to, like [encoding/json.Unmarshal].
// It fails with [ErrInvalidArgument] if they do not fit.
func (a *Assignment) DecodeKwargs(target any) error {
	return decodeInto(a.Kwargs, target)
}

// newAssignment decodes the request in an assignment.
func newAssignment(wire wireAssignment) (*Assignment, error) {
	a := &Assignment{
		RequestID: wire.requestID,
		ID:        wire.assignmentID,
		Attempt:   wire.attempt,
		Args:      []any{},
		Kwargs:    map[string]any{},
		Data:      []byte{},
		Context:   wire.context,
	}
	err := eachField(wire.request, a.readField)
	if err != nil {
		return nil, &Error{
			Code:    codes.InvalidArgument,
			Reason:  "UNDECODABLE_REQUEST",
			Message: fmt.Sprintf("the request cannot be decoded: %v", err),
		}
	}
	return a, nil
}

func (a *Assignment) readField(number protowire.Number, f field) (err error) {
	if f.kind != protowire.BytesType {
		return nil
	}
	switch number {
	case 1:
		a.Topic, err = f.text()
	case 2:
		a.Args, err = readList(f.bytes)
	case 3:
		a.Kwargs, err = readStruct(f.bytes)
	case 4:
		a.Data = f.bytes
	case 5:
		a.ContentType, err = f.text()
	case 6:
		err = readStringEntry(f.bytes, &a.Attributes)
	}
	return err
}

// replyMessage encodes a batch of one Reply.
func replyMessage(assignmentID string, more bool, result []byte) []byte {
	reply := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), assignmentID)
	if more {
		reply = protowire.AppendVarint(protowire.AppendTag(reply, 2, protowire.VarintType), 1)
	}
	reply = appendMessage(reply, 3, result)
	message := appendMessage(make([]byte, 0, len(reply)+8), 1, reply)
	return appendMessage(make([]byte, 0, len(message)+8), 1, message)
}
