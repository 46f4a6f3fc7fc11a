package atedispatcher

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// errorDomain is the ErrorInfo domain of the errors that producers of this package send.
const errorDomain = "ate.dispatcher.producer"

// maxErrorText bounds the message of an error result, in bytes. A longer one is truncated.
const maxErrorText = 4096

// errorFromCall converts the error of a gRPC call or a context.
func errorFromCall(err error) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if st, ok := status.FromError(err); ok {
		return errorFromStatus(st.Proto(), "")
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: codes.DeadlineExceeded, Reason: "DEADLINE_EXCEEDED", Message: err.Error(), cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: codes.Canceled, Reason: "CANCELLED", Message: err.Error(), cause: err}
	}
	return &Error{Code: codes.Unknown, Reason: "UNKNOWN", Message: err.Error(), cause: err}
}

// errorFromStatus converts a google.rpc.Status of a call, a fault or an error result. The code of an error cannot be
// OK, so OK becomes UNKNOWN.
func errorFromStatus(st *rpcstatus.Status, fallbackReason string) *Error {
	e := &Error{Code: codes.Code(st.GetCode()), Message: st.GetMessage()}
	if e.Code == codes.OK {
		e.Code = codes.Unknown
	}
	for _, detail := range st.GetDetails() {
		e.addDetail(detail)
	}
	if e.Reason == "" {
		e.Reason = fallbackReason
	}
	if e.Reason == "" {
		e.Reason = codeName(e.Code)
	}
	return e
}

// addDetail ignores unknown and malformed details, so that the error itself survives.
func (e *Error) addDetail(detail *anypb.Any) {
	message, err := detail.UnmarshalNew()
	if err != nil {
		return
	}
	switch known := message.(type) {
	case *errdetails.ErrorInfo:
		e.Reason = known.GetReason()
		e.Metadata = known.GetMetadata()
	case *errdetails.BadRequest:
		for _, violation := range known.GetFieldViolations() {
			e.FieldViolations = append(e.FieldViolations, FieldViolation{violation.GetField(), violation.GetDescription()})
		}
	case *errdetails.RetryInfo:
		e.RetryDelay = known.GetRetryDelay().AsDuration()
	}
}

// failureStatus converts a handler's error for the wire: its gRPC code if it has one, its truncated message, and the
// reason and metadata of an [Error]. Wrapped causes are not sent.
func failureStatus(err error) *rpcstatus.Status {
	own, ok := errors.AsType[*Error](err)
	if !ok {
		st, ok := status.FromError(err)
		if !ok {
			st = status.FromContextError(err)
		}
		failure := proto.CloneOf(st.Proto())
		failure.Code = int32(failureCode(st.Code()))
		failure.Message = wellFormed(st.Message())
		return failure
	}
	failure := &rpcstatus.Status{Code: int32(failureCode(own.Code)), Message: wellFormed(textOf(err, own))}
	info := &errdetails.ErrorInfo{Reason: own.Reason, Domain: errorDomain, Metadata: own.Metadata}
	if info.Reason == "" {
		info.Reason = codeName(own.Code)
	}
	if detail, err := anypb.New(info); err == nil {
		failure.Details = append(failure.Details, detail)
	}
	return failure
}

// textOf returns the message without the reason, which is sent separately; or the whole text of an error that wraps
// own.
func textOf(err error, own *Error) string {
	if err == error(own) {
		return own.Message
	}
	return err.Error()
}

func failureCode(c codes.Code) codes.Code {
	if c == codes.OK {
		return codes.Unknown
	}
	return c
}

func wellFormed(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxErrorText)], "\uFFFD")
}
