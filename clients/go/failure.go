package atedispatcher

// This file turns an error of user code into an error result. Its methods are user code, too: they may panic, end their
// goroutine, never end a chain of causes, or return text without bound. None of that may end the producer.

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	// errorDomain is the ErrorInfo domain of the errors that producers of this package send.
	errorDomain = "ate.dispatcher.producer"
	// maxErrorRunes bounds the text of an error result. A longer one is cut, and ends with cutMark.
	maxErrorRunes = 1024
	cutMark       = "..."
	// maxReasonRunes bounds the reason of an error result.
	maxReasonRunes = 256
	// maxMetadataEntries and maxMetadataBytes bound the metadata or details of an error result. More is dropped as a
	// whole, and the text says so.
	maxMetadataEntries = 64
	maxMetadataBytes   = 16 << 10
	// maxErrorChain bounds how many errors of a chain of causes are examined, since a chain may contain itself.
	maxErrorChain = 100
	// metadataDropped is the end of the text of an error whose metadata is dropped.
	metadataDropped = " (its metadata is too large and was dropped)"
	// unreadableText replaces a text that cannot be had; the name of the type precedes it.
	unreadableText = " (its text cannot be read)"
)

// failureStatus converts a handler's error for the wire: its gRPC code if it has one, its bounded text, and the reason
// and metadata of an [Error]. Wrapped causes are not sent. It never fails.
func failureStatus(err error) *rpcstatus.Status {
	var failure *rpcstatus.Status
	if _, ok := contain(func() { failure = describe(err) }); !ok {
		// The error breaks when its chain is examined. Its text may still be readable.
		return &rpcstatus.Status{Code: int32(codes.Unknown), Message: errorText(err)}
	}
	return failure
}

// describe implements failureStatus with the methods of the error, which may panic.
func describe(err error) *rpcstatus.Status {
	var own *Error
	var st *status.Status
	contextCode := codes.Unknown
	walk(err, func(err error) (isFound bool) {
		switch known := err.(type) {
		case *Error:
			own = known
		case interface{ GRPCStatus() *status.Status }:
			st = known.GRPCStatus()
		case interface{ As(any) bool }:
			if !known.As(&own) {
				own = nil
			}
		}
		switch err {
		case context.DeadlineExceeded:
			contextCode = codes.DeadlineExceeded
		case context.Canceled:
			contextCode = codes.Canceled
		}
		return own != nil || st != nil || contextCode != codes.Unknown
	})
	switch {
	case own != nil:
		return describeOwn(err, own)
	case st != nil:
		return describeStatus(err, st)
	}
	return &rpcstatus.Status{Code: int32(contextCode), Message: errorText(err)}
}

func describeOwn(err error, own *Error) *rpcstatus.Status {
	failure := &rpcstatus.Status{Code: int32(failureCode(own.Code)), Message: errorText(err)}
	if err == error(own) {
		// The reason is sent separately.
		failure.Message = boundedText(own.Message, maxErrorRunes)
	}
	info := &errdetails.ErrorInfo{Reason: boundedText(own.Reason, maxReasonRunes), Domain: errorDomain}
	if info.Reason == "" {
		info.Reason = codeName(own.Code)
	}
	var fits bool
	if info.Metadata, fits = boundedMetadata(own.Metadata); !fits {
		failure.Message = withEnding(failure.Message, metadataDropped)
	}
	// Marshaling cannot fail: every text is valid UTF-8.
	if detail, err := anypb.New(info); err == nil {
		failure.Details = append(failure.Details, detail)
	}
	return failure
}

func describeStatus(err error, st *status.Status) *rpcstatus.Status {
	failure := &rpcstatus.Status{Code: int32(failureCode(st.Code())), Message: boundedText(st.Message(), maxErrorRunes)}
	if _, isItself := err.(interface{ GRPCStatus() *status.Status }); !isItself {
		failure.Message = errorText(err)
	}
	details := &rpcstatus.Status{Details: st.Proto().GetDetails()}
	encoded, encodingErr := proto.Marshal(details)
	if encodingErr != nil || len(details.Details) > maxMetadataEntries || len(encoded) > maxMetadataBytes {
		failure.Message = withEnding(failure.Message, metadataDropped)
		return failure
	}
	failure.Details = proto.CloneOf(details).Details
	return failure
}

// walk visits an error and its causes, depth first, until visit returns true or maxErrorChain are visited.
func walk(err error, visit func(error) bool) {
	pending := []error{err}
	for range maxErrorChain {
		if len(pending) == 0 {
			return
		}
		last := len(pending) - 1
		next := pending[last]
		pending = pending[:last]
		if next == nil {
			continue
		}
		if visit(next) {
			return
		}
		switch wrapper := next.(type) {
		case interface{ Unwrap() error }:
			pending = append(pending, wrapper.Unwrap())
		case interface{ Unwrap() []error }:
			causes := wrapper.Unwrap()
			for i := min(len(causes), maxErrorChain) - 1; i >= 0; i-- {
				pending = append(pending, causes[i])
			}
		}
	}
}

// boundedMetadata returns metadata as valid UTF-8; fits is false, and the metadata nil, if there is too much.
func boundedMetadata(metadata map[string]string) (bounded map[string]string, fits bool) {
	if len(metadata) == 0 {
		return nil, true
	}
	bytes := 0
	for key, value := range metadata {
		bytes += len(key) + len(value)
	}
	if len(metadata) > maxMetadataEntries || bytes > maxMetadataBytes {
		return nil, false
	}
	bounded = make(map[string]string, len(metadata))
	for key, value := range metadata {
		bounded[strings.ToValidUTF8(key, "\uFFFD")] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return bounded, true
}

func failureCode(c codes.Code) codes.Code {
	if c == codes.OK {
		return codes.Unknown
	}
	return c
}

// errorText returns the text of any error: bounded, valid UTF-8 and never empty. An error whose text cannot be had
// gets the name of its type.
func errorText(err error) string {
	var text string
	if _, ok := contain(func() { text = err.Error() }); !ok {
		return boundedText(fmt.Sprintf("%T", err)+unreadableText, maxErrorRunes)
	}
	if text == "" {
		text = fmt.Sprintf("%T", err)
	}
	return boundedText(text, maxErrorRunes)
}

// panicText returns the text of any value that code may panic with, like errorText. It does not print other values than
// errors, texts and numbers: a value that contains itself would exhaust the stack, which no recover can contain.
func panicText(value any) string {
	switch known := value.(type) {
	case error:
		return errorText(known)
	case string:
		return boundedText(known, maxErrorRunes)
	case bool:
		return strconv.FormatBool(known)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, uintptr, float32, float64:
		return fmt.Sprint(known)
	}
	return boundedText(fmt.Sprintf("a %T", value), maxErrorRunes)
}

// boundedText returns text as valid UTF-8 of at most maxRunes characters.
func boundedText(text string, maxRunes int) string {
	// A character has at most utf8.UTFMax bytes, and an invalid byte counts as one character.
	head := text[:min(len(text), (maxRunes+1)*utf8.UTFMax)]
	valid := strings.ToValidUTF8(head, "\uFFFD")
	isCut := len(head) < len(text)
	count, end := 0, 0
	for i := range valid {
		if count == maxRunes-len(cutMark) {
			end = i
		}
		if count++; count > maxRunes {
			isCut = true
			break
		}
	}
	switch {
	case !isCut:
		return valid
	case count <= maxRunes-len(cutMark):
		return valid + cutMark
	}
	return valid[:end] + cutMark
}

// withEnding appends an ending to a bounded text, and cuts the text so that the ending stays.
func withEnding(text, ending string) string {
	return boundedText(text, maxErrorRunes-utf8.RuneCountInString(ending)) + ending
}

// contain calls user code. If the code panics or ends its goroutine, returned is false, and panicked is the value of the
// panic. The code runs on a goroutine of its own, because runtime.Goexit would otherwise end the caller's.
func contain(call func()) (panicked any, returned bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		call()
		returned = true
	}()
	<-done
	return panicked, returned
}
