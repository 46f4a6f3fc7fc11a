package atedispatcher

import (
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Result is a handler's result: a JSON value or bytes. The zero value is the JSON value null.
type Result struct {
	// Value is sent as encoding/json marshals it. It must be nil if Data is not.
	Value any
	// Data is sent as bytes, unless nil.
	Data []byte
	// ContentType is the media type of Data. The server does not check it.
	ContentType string
	// Attributes are annotations for the recipients of the result.
	Attributes map[string]string
}

// Value returns a result with a JSON value.
func Value(value any) Result {
	return Result{Value: value}
}

// Data returns a result with bytes and their media type. Nil data is sent as empty bytes.
func Data(data []byte, contentType string) Result {
	if data == nil {
		data = []byte{}
	}
	return Result{Data: data, ContentType: contentType}
}

// encode returns a Result message. It fails with ErrUnserializable or another ErrInvalidArgument.
func (r Result) encode() ([]byte, error) {
	var b []byte
	switch {
	case r.Data == nil:
		value, err := appendValue(nil, r.Value, "result")
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 1, value)
	case r.Value != nil:
		return nil, invalidArgument("result", "has both a value and data")
	default:
		b = appendMessage(b, 2, r.Data)
	}
	if !utf8.ValidString(r.ContentType) {
		return nil, invalidArgument("result.content_type", "is not valid UTF-8")
	}
	if r.ContentType != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), r.ContentType)
	}
	annotations, err := proto.Marshal(&dispatcherv1.Result{Attributes: r.Attributes})
	if err != nil {
		return nil, invalidArgument("result.attributes", "cannot be encoded: %v", err)
	}
	return append(b, annotations...), nil
}

// encodeAnswer is encode for a final result. Its error, UNSERIALIZABLE_RESULT, is the handler's fault and goes to the
// recipients of the result.
func encodeAnswer(result Result) ([]byte, error) {
	encoded, err := result.encode()
	if err != nil {
		return nil, &Error{
			Code:    codes.Internal,
			Reason:  "UNSERIALIZABLE_RESULT",
			Message: errorFromCall(err).Message,
		}
	}
	return encoded, nil
}

// encodeFailure returns a Result message with an error. Marshaling cannot fail: the message is valid UTF-8.
func encodeFailure(failure *status.Status) []byte {
	encoded, _ := proto.Marshal(failure)
	return appendMessage(nil, 3, encoded)
}
