package atedispatcher

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the one error of this package.
//
// Compare it with the sentinels by [errors.Is], or take it apart with [errors.As]. A handler may return one, too: its
// code, reason, text and metadata reach whoever gets the result.
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Reason is the cause as one upper-case word: the server's, this package's own, or the name of the code.
	Reason string
	// Message says what went wrong, for a developer.
	Message string
	// Metadata holds what varies in the text, by name.
	Metadata map[string]string
	// FieldViolations names the fields that were refused.
	FieldViolations []FieldViolation
	// RetryDelay is how long the server asks to wait before the next try; 0 if it did not say.
	RetryDelay time.Duration

	cause        error
	fromProducer bool
}

// FieldViolation is one field that was refused, and why.
type FieldViolation struct {
	// Field is the path, such as request.ttl or kwargs.a[2].
	Field string
	// Description says what is wrong with it.
	Description string
}

// Sentinels for [errors.Is]. Those without a reason of their own stand for every error of their code.
var (
	// ErrInvalidArgument says that something was malformed or out of range; FieldViolations names it.
	ErrInvalidArgument error = &Error{Code: codes.InvalidArgument}
	// ErrUnavailable says that there is no connection, or that it broke; a retry with the same request id is safe.
	ErrUnavailable error = &Error{Code: codes.Unavailable}
	// ErrResourceExhausted says that a limit was reached; RetryDelay says when to try again, if that is known.
	ErrResourceExhausted error = &Error{Code: codes.ResourceExhausted}

	// ErrNoProducers says that nobody could be asked, and the request said [NoProducersFail].
	ErrNoProducers error = &Error{Code: codes.FailedPrecondition, Reason: "NO_PRODUCERS"}
	// ErrRequestIDReused says that the request id was used before with other content.
	ErrRequestIDReused error = &Error{Code: codes.AlreadyExists, Reason: "REQUEST_ID_REUSED"}
	// ErrRequestNotFound says that no such request is in flight or remembered.
	ErrRequestNotFound error = &Error{Code: codes.NotFound, Reason: "REQUEST_NOT_FOUND"}
	// ErrListenerNotFound says that no such listener is connected.
	ErrListenerNotFound error = &Error{Code: codes.NotFound, Reason: "LISTENER_NOT_FOUND"}
	// ErrDeadlineTooShort says that too little of the context's deadline was left to gather anything.
	ErrDeadlineTooShort error = &Error{Code: codes.DeadlineExceeded, Reason: "DEADLINE_TOO_SHORT"}
	// ErrShuttingDown says that the server takes nothing new.
	ErrShuttingDown error = &Error{Code: codes.Unavailable, Reason: "SHUTTING_DOWN"}
	// ErrSessionReplaced says that the same producer or listener id connected again.
	ErrSessionReplaced error = &Error{Code: codes.Aborted, Reason: "SESSION_REPLACED"}

	// ErrClosed says that the client or producer was closed here.
	ErrClosed error = errClosed
	// ErrHeartbeatLost says that nothing was heard for too long: the connection is taken for dead.
	ErrHeartbeatLost error = &Error{Code: codes.Unavailable, Reason: "HEARTBEAT_LOST"}
	// ErrProducerFailed says that the producer answered with an error, whatever its code and reason.
	ErrProducerFailed error = &Error{Code: codes.Unknown, Reason: "PRODUCER_ERROR"}
	// ErrUndecodableResult says that a producer's result is malformed.
	ErrUndecodableResult error = &Error{Code: codes.DataLoss, Reason: "UNDECODABLE_RESULT"}
	// ErrUnserializable says that JSON cannot say a value; FieldViolations has its path.
	ErrUnserializable error = &Error{Code: codes.InvalidArgument, Reason: "UNSERIALIZABLE_VALUE"}
	// ErrResultTooLarge says that a result exceeds the server's message limit.
	ErrResultTooLarge error = &Error{Code: codes.ResourceExhausted, Reason: "RESULT_TOO_LARGE"}
)

var errClosed = &Error{Code: codes.Canceled, Reason: "CLOSED", Message: "it is closed"}

// Causes of a handler's context that ended, for [errors.Is] on its [context.Cause].
var (
	// ErrExpired says that the TTL ran out.
	ErrExpired error = &Error{Code: codes.DeadlineExceeded, Reason: "EXPIRED", Message: "the TTL ran out"}
	// ErrCompleted says that the gather ended early: its policy was met, or it stalled.
	ErrCompleted error = &Error{Code: codes.Canceled, Reason: "COMPLETED"}
	// ErrRequested says that the request was cancelled by CancelRequest.
	ErrRequested error = &Error{Code: codes.Canceled, Reason: "REQUESTED"}
	// ErrCallerGone says that whoever gathered the results went away.
	ErrCallerGone error = &Error{Code: codes.Canceled, Reason: "CALLER_GONE"}
	// ErrShutdown says that the server shuts down.
	ErrShutdown error = &Error{Code: codes.Canceled, Reason: "SHUTDOWN"}
	// ErrSessionLost says that the producer's connection broke: its result can no longer be delivered.
	ErrSessionLost error = &Error{Code: codes.Unavailable, Reason: "SESSION_LOST"}
)

// Error begins with the reason.
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

// Retryable tells whether the same call may well succeed later: without a connection, or with a delay by the server.
func (e *Error) Retryable() bool {
	return e.Code == codes.Unavailable || e.RetryDelay > 0
}

// Is matches the sentinels of this package by reason, or by code if they have no reason, and the two errors of
// package context by their codes.
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

// Unwrap returns what led to it here, if anything; it was never sent.
func (e *Error) Unwrap() error {
	return e.cause
}

// GRPCStatus lets package status find the code and text.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Message)
}

func codeName(c codes.Code) string {
	return code.Code(c).String()
}

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
		Message: "the server's message is no valid protobuf",
		cause:   cause,
	}
}
