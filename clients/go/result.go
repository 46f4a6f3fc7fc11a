package atedispatcher

import (
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Result is one answer of a handler: a JSON-shaped value, or bytes. The zero value is null.
type Result struct {
	// Value is the answer as encoding/json understands it. It must be nil if there is Data.
	Value any
	// Data is the answer as bytes, unless nil.
	Data []byte
	// ContentType is the media type of Data; free text.
	ContentType string
	// Attributes are free annotations for whoever gets the result.
	Attributes map[string]string
}

// Value is the result of one JSON-shaped value.
func Value(value any) Result {
	return Result{Value: value}
}

// Data is the result of bytes, also of none at all, and their media type.
func Data(data []byte, contentType string) Result {
	if data == nil {
		data = []byte{}
	}
	return Result{Data: data, ContentType: contentType}
}

// encode returns a Result message, or ErrUnserializable.
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

// encodeAnswer returns a Result message, or what to fail with if JSON cannot say it.
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

// encodeFailure cannot fail: a status has no other text than its message, which is well-formed.
func encodeFailure(failure *status.Status) []byte {
	encoded, _ := proto.Marshal(failure)
	return appendMessage(nil, 3, encoded)
}
