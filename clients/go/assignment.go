package atedispatcher

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
)

// Assignment is one request as its producer's handler sees it.
type Assignment struct {
	// Topic is what was asked; with a registered pattern, the concrete topic.
	Topic string
	// RequestID is the request; the same for all producers that were asked.
	RequestID string
	// ID is this producer's copy of the request.
	ID string
	// Attempt counts from 1; more after another member of the group departed with the work undone.
	Attempt int
	// Args are the positional arguments, never nil: nil, bool, float64, string, []any and map[string]any.
	Args []any
	// Kwargs are the keyword arguments, never nil.
	Kwargs map[string]any
	// Data is the opaque payload; empty if there is none. Do not write to it.
	Data []byte
	// ContentType is the media type of Data; free text, may be empty.
	ContentType string
	// Attributes are the requester's annotations; may be nil.
	Attributes map[string]string
	// Context is the trace context; empty if the requester sent none.
	Context map[string]string

	send func(context.Context, Result) error
}

// Handler answers one request. An error, and also a panic, becomes an error result and leaves the producer registered.
//
// The context ends with the TTL, or earlier if the result is wanted no longer; its [context.Cause] is then one of
// ErrExpired, ErrCompleted, ErrRequested, ErrCallerGone, ErrShutdown, ErrSessionLost and ErrClosed. Once its result is on
// the way, its context ends with [context.Canceled].
//
// A handler that gives up returns an error, and nothing is sent. What it still returns or sends after the first four is
// disposed as DispositionLate or DispositionCancelled, and heard only by listeners that include late results; after the
// others it goes nowhere.
type Handler func(ctx context.Context, assignment *Assignment) (Result, error)

// Send sends a partial result; the returned one follows it as the final one. It waits while the stream is congested,
// so that many results do not pile up.
//
// It fails with the cause of its context, which is best the handler's, once that has ended; a handler that goes on
// although its result is wanted no longer needs another one, such as [context.WithoutCancel] makes. It also fails with
// [ErrUnserializable], and with [ErrResultTooLarge] beyond the server's message limit.
func (a *Assignment) Send(ctx context.Context, result Result) error {
	if a.send == nil {
		return &Error{Code: codes.FailedPrecondition, Reason: "NOT_ASSIGNED", Message: "no dispatcher assigned this"}
	}
	return a.send(ctx, result)
}

// DecodeArg stores positional argument i, from 0, in the value that target points to, as [encoding/json.Unmarshal]
// would; nil if there are fewer.
func (a *Assignment) DecodeArg(i int, target any) error {
	if i < 0 || i >= len(a.Args) {
		return decodeInto(nil, target)
	}
	return decodeInto(a.Args[i], target)
}

// DecodeKwargs stores the keyword arguments in the struct or map that target points to, as
// [encoding/json.Unmarshal] would.
func (a *Assignment) DecodeKwargs(target any) error {
	return decodeInto(a.Kwargs, target)
}

// newAssignment decodes the requester's part.
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

// replyMessage is a batch of one Reply.
func replyMessage(assignmentID string, more bool, result []byte) []byte {
	reply := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), assignmentID)
	if more {
		reply = protowire.AppendVarint(protowire.AppendTag(reply, 2, protowire.VarintType), 1)
	}
	reply = appendMessage(reply, 3, result)
	message := appendMessage(make([]byte, 0, len(reply)+8), 1, reply)
	return appendMessage(make([]byte, 0, len(message)+8), 1, message)
}
