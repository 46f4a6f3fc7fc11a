package atedispatcher

import (
	"errors"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds the nesting of decoded values, which protects the stack against malicious payloads. No client of this
// project sends values that deep.
const maxDepth = 256

var (
	errTooDeep = errors.New("the value is nested deeper than 256 levels")
	errNotUTF8 = errors.New("a string is not valid UTF-8")
)

// readValue decodes a google.protobuf.Value. A value without a kind is nil.
func readValue(b []byte) (any, error) {
	return decodeValue(b, 0)
}

// readList decodes a google.protobuf.ListValue.
func readList(b []byte) ([]any, error) {
	return decodeList(b, 0)
}

// readStruct decodes a google.protobuf.Struct. If two fields have the same key, the last one wins.
func readStruct(b []byte) (map[string]any, error) {
	return decodeStruct(b, 0)
}

func decodeValue(b []byte, depth int) (value any, err error) {
	err = eachField(b, func(number protowire.Number, field field) error {
		var err error
		switch {
		case number == valueNull && field.kind == protowire.VarintType:
			value = nil
		case number == valueNumber && field.kind == protowire.Fixed64Type:
			value = math.Float64frombits(field.number)
		case number == valueString && field.kind == protowire.BytesType:
			value, err = field.text()
		case number == valueBool && field.kind == protowire.VarintType:
			value = field.number != 0
		case number == valueStruct && field.kind == protowire.BytesType:
			value, err = decodeStruct(field.bytes, depth+1)
		case number == valueList && field.kind == protowire.BytesType:
			value, err = decodeList(field.bytes, depth+1)
		}
		return err
	})
	return value, err
}

func decodeList(b []byte, depth int) ([]any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	values := []any{}
	err := eachField(b, func(number protowire.Number, field field) error {
		if number != 1 || field.kind != protowire.BytesType {
			return nil
		}
		value, err := decodeValue(field.bytes, depth)
		values = append(values, value)
		return err
	})
	return values, err
}

func decodeStruct(b []byte, depth int) (map[string]any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	fields := map[string]any{}
	err := eachField(b, func(number protowire.Number, field field) error {
		if number != 1 || field.kind != protowire.BytesType {
			return nil
		}
		return decodeEntry(field.bytes, depth, fields)
	})
	return fields, err
}

func decodeEntry(b []byte, depth int, fields map[string]any) error {
	var key string
	var value any
	err := eachField(b, func(number protowire.Number, field field) (err error) {
		switch {
		case number == 1 && field.kind == protowire.BytesType:
			key, err = field.text()
		case number == 2 && field.kind == protowire.BytesType:
			value, err = decodeValue(field.bytes, depth)
		}
		return err
	})
	fields[key] = value
	return err
}

// field is one encoded field of a message. Its kind determines whether number or bytes is set.
type field struct {
	kind   protowire.Type
	number uint64
	bytes  []byte
}

func (f field) text() (string, error) {
	if !utf8.Valid(f.bytes) {
		return "", errNotUTF8
	}
	return string(f.bytes), nil
}

// eachField calls visit for each field of an encoded message, in order.
func eachField(b []byte, visit func(protowire.Number, field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		field := field{kind: kind}
		switch kind {
		case protowire.VarintType:
			field.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			field.number, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			field.bytes, n = protowire.ConsumeBytes(b)
			// The capacity is cut, so that appending to one field cannot overwrite the next one.
			field.bytes = field.bytes[:len(field.bytes):len(field.bytes)]
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := visit(number, field); err != nil {
			return err
		}
	}
	return nil
}
