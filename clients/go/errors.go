package atedispatcher

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the error type of this package.
//
// Compare it with the sentinels by [errors.Is], or get its fields with [errors.As]. A handler may return one: its code,
// reason, message and metadata reach the recipients of the result.
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Reason identifies the cause in upper case, such as NO_PRODUCERS. It comes from the server, from this package or
	// from the producer; otherwise it is the name of the code.
	Reason string
	// Message describes the error to a developer.
	Message string
	// Metadata holds the variable parts of the message, by name; may be nil.
	Metadata map[string]string
	// FieldViolations lists the fields that were rejected.
	FieldViolations []FieldViolation
	// RetryDelay is how long the server asks the client to wait before a retry; 0 if it did not say.
	RetryDelay time.Duration

	cause        error
	fromProducer bool
}

// FieldViolation is a rejected field.
type FieldViolation struct {
	// Field is the path of the field, such as request.ttl or kwargs.a[2].
	Field string
	// Description says why the field was rejected.
	Description string
}

// Sentinels for [errors.Is]. A sentinel without a reason matches every error with its code.
var (
	// ErrInvalidArgument: a field is malformed or out of range; FieldViolations names it.
	ErrInvalidArgument error = &Error{Code: codes.InvalidArgument}
	// ErrUnavailable: there is no connection, or it broke during the call. A retry with the same RequestID is safe.
	ErrUnavailable error = &Error{Code: codes.Unavailable}
	// ErrResourceExhausted: a limit was reached. RetryDelay says when to retry, if the server knows.
	ErrResourceExhausted error = &Error{Code: codes.ResourceExhausted}

	// ErrUnauthenticated: the server knows no valid credentials of this client; see [WithToken] and [WithTLS].
	ErrUnauthenticated error = &Error{Code: codes.Unauthenticated}
	// ErrPermissionDenied: the policy of the server does not allow this action on this topic.
	ErrPermissionDenied error = &Error{Code: codes.PermissionDenied}

	// ErrNoProducers: the topic has no matching producer, and the request has [NoProducersFail].
	ErrNoProducers error = &Error{Code: codes.FailedPrecondition, Reason: "NO_PRODUCERS"}
	// ErrRequestIDReused: an earlier request has the same id and other content.
	ErrRequestIDReused error = &Error{Code: codes.AlreadyExists, Reason: "REQUEST_ID_REUSED"}
	// ErrRequestNotFound: the server neither runs nor remembers the request.
	ErrRequestNotFound error = &Error{Code: codes.NotFound, Reason: "REQUEST_NOT_FOUND"}
	// ErrListenerNotFound: no listener with this id is connected.
	ErrListenerNotFound error = &Error{Code: codes.NotFound, Reason: "LISTENER_NOT_FOUND"}
	// ErrDeadlineTooShort: too little time was left until the context's deadline to gather any result.
	ErrDeadlineTooShort error = &Error{Code: codes.DeadlineExceeded, Reason: "DEADLINE_TOO_SHORT"}
	// ErrShuttingDown: the server is draining and accepts no new requests or sessions.
	ErrShuttingDown error = &Error{Code: codes.Unavailable, Reason: "SHUTTING_DOWN"}
	// ErrSessionReplaced: a newer session with the same producer or listener id replaced this one.
	ErrSessionReplaced error = &Error{Code: codes.Aborted, Reason: "SESSION_REPLACED"}

	// ErrClosed: this program closed the client, producer, listener, gather or submitter.
	ErrClosed error = errClosed
	// ErrHeartbeatLost: the server was silent for too long, so the connection is considered dead.
	ErrHeartbeatLost error = &Error{Code: codes.Unavailable, Reason: "HEARTBEAT_LOST"}
	// ErrProducerFailed: the result is an error, with any code and reason.
	ErrProducerFailed error = &Error{Code: codes.Unknown, Reason: "PRODUCER_ERROR"}
	// ErrUndecodableResult: the result's payload is malformed.
	ErrUndecodableResult error = &Error{Code: codes.DataLoss, Reason: "UNDECODABLE_RESULT"}
	// ErrUnserializable: JSON cannot represent a value; FieldViolations has its path.
	ErrUnserializable error = &Error{Code: codes.InvalidArgument, Reason: "UNSERIALIZABLE_VALUE"}
	// ErrResultTooLarge: a result exceeds the server's message limit.
	ErrResultTooLarge error = &Error{Code: codes.ResourceExhausted, Reason: "RESULT_TOO_LARGE"}
)

var errClosed = &Error{Code: codes.Canceled, Reason: "CLOSED", Message: "closed by this program"}

// Causes of the end of a handler's context, for [errors.Is] with [context.Cause].
var (
	// ErrExpired: the TTL ran out.
	ErrExpired error = &Error{Code: codes.DeadlineExceeded, Reason: "EXPIRED", Message: "the TTL ran out"}
	// ErrCompleted: the request ended early, because its completion policy was met or it stalled.
	ErrCompleted error = &Error{Code: codes.Canceled, Reason: "COMPLETED"}
	// ErrRequested: CancelRequest cancelled the request.
	ErrRequested error = &Error{Code: codes.Canceled, Reason: "REQUESTED"}
	// ErrCallerGone: the caller of the gather disconnected.
	ErrCallerGone error = &Error{Code: codes.Canceled, Reason: "CALLER_GONE"}
	// ErrShutdown: the server shut down.
	ErrShutdown error = &Error{Code: codes.Canceled, Reason: "SHUTDOWN"}
	// ErrSessionLost: the producer's session ended, so its result cannot be delivered.
	ErrSessionLost error = &Error{Code: codes.Unavailable, Reason: "SESSION_LOST"}
)

// Error returns the reason followed by the message.
func (e *Error) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = codeName(e.Code)
	}
	if e.Message == "" {
		return reason
	}
	return reason + ": " + e.Message
}

// Retryable reports whether the same call may succeed later: its code is UNAVAILABLE, or the server gave a RetryDelay.
func (e *Error) Retryable() bool {
	return e.Code == codes.Unavailable || e.RetryDelay > 0
}

// Is matches a sentinel of this package by its reason, or by its code if it has no reason. It matches
// [context.Canceled] and [context.DeadlineExceeded] by their codes.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Code == codes.Canceled
	case context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	case ErrProducerFailed:
		return e.fromProducer
	}
	other, ok := target.(*Error)
	if !ok {
		return false
	}
	if other.Reason == "" {
		return other.Code == e.Code
	}
	return other.Reason == e.Reason
}

// Unwrap returns the local cause, or nil. A cause is never sent over the network.
func (e *Error) Unwrap() error {
	return e.cause
}

// GRPCStatus returns the code and message, for package google.golang.org/grpc/status.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Message)
}

// with returns a copy of the error with more text. errClosed stays as it is.
func (e *Error) with(text string) *Error {
	if e == errClosed {
		return e
	}
	longer := *e
	longer.Message += "; " + text
	return &longer
}

func codeName(c codes.Code) string {
	return code.Code(c).String()
}

// invalidArgument returns an error about one field. The message is the field followed by the description.
func invalidArgument(field, format string, args ...any) *Error {
	description := fmt.Sprintf(format, args...)
	return &Error{
		Code:            codes.InvalidArgument,
		Reason:          "INVALID_FIELD",
		Message:         field + " " + description,
		FieldViolations: []FieldViolation{{Field: field, Description: description}},
	}
}

func malformedMessage(cause error) *Error {
	return &Error{
		Code:    codes.Internal,
		Reason:  "MALFORMED_MESSAGE",
		Message: "the server's message is not valid protobuf",
		cause:   cause,
	}
}
