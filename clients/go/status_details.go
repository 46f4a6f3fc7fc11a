package atedispatcher

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

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
