package atedispatcher

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxNestedMessages bounds the nesting of protobuf messages in a payload. Protobuf libraries in most languages reject
// more than 100 levels, envelope included, and some then lose the whole stream. A JSON object takes three levels and an
// array two, so 29 nested objects or 44 nested arrays always fit.
const maxNestedMessages = 90

// maxExactInteger is the largest n for which a float64 represents every integer from -n to n.
const maxExactInteger = 1 << 53

// Field numbers of google.protobuf.Value.
const (
	valueNull protowire.Number = iota + 1
	valueNumber
	valueString
	valueBool
	valueStruct
	valueList
)

// appendValue appends an encoded google.protobuf.Value; errors name the path of the value, which starts with root.
//
// It writes the encoding directly. Package structpb would need fewer lines, but it converts bytes to base64, rounds
// large integers, and does not report the path. Keys are sorted, because the server compares the bytes of requests
// with the same id.
func appendValue(b []byte, value any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.any(b, value)
}

// appendList is appendValue for a google.protobuf.ListValue.
func appendList(b []byte, values []any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.elements(b, reflect.ValueOf(values))
}

// appendStruct is appendValue for a google.protobuf.Struct.
func appendStruct(b []byte, fields map[string]any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.fields(b, reflect.ValueOf(fields))
}

// pathStep is one step of a value's path.
type pathStep struct {
	key   string
	index int // -1 if the step is a key
}

type jsonEncoder struct {
	path  []pathStep
	depth int
}

func (e *jsonEncoder) any(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return protowire.AppendVarint(protowire.AppendTag(b, valueNull, protowire.VarintType), 0), nil
	case string:
		return e.string(b, v)
	case float64:
		return e.number(b, v)
	case bool:
		return protowire.AppendVarint(protowire.AppendTag(b, valueBool, protowire.VarintType), protowire.EncodeBool(v)), nil
	case int:
		return e.integer(b, int64(v))
	case json.Number:
		return e.literal(b, v)
	case json.Marshaler, encoding.TextMarshaler:
		return e.marshaled(b, v)
	case []byte:
		return nil, e.reject("is bytes; send it as data")
	}
	return e.reflected(b, reflect.ValueOf(value))
}

func (e *jsonEncoder) reflected(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return e.any(b, nil)
		}
		return e.nested(1, func() ([]byte, error) { return e.any(b, v.Elem().Interface()) })
	case reflect.Map:
		if v.IsNil() {
			return e.any(b, nil)
		}
		b = protowire.AppendTag(b, valueStruct, protowire.BytesType)
		return e.nested(1, func() ([]byte, error) { return e.embedded(b, v, e.fields) })
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return e.any(b, nil)
		}
		b = protowire.AppendTag(b, valueList, protowire.BytesType)
		return e.nested(1, func() ([]byte, error) { return e.embedded(b, v, e.elements) })
	case reflect.Struct:
		return e.marshaled(b, v.Interface())
	case reflect.String:
		return e.string(b, v.String())
	case reflect.Bool:
		return e.any(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return e.integer(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > maxExactInteger {
			return nil, e.inexact(strconv.FormatUint(v.Uint(), 10))
		}
		return e.integer(b, int64(v.Uint()))
	case reflect.Float32, reflect.Float64:
		return e.number(b, v.Float())
	default:
		return nil, e.reject("is a %s, which JSON cannot represent", v.Type())
	}
}

func (e *jsonEncoder) string(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, e.reject("is not valid UTF-8; send it as data")
	}
	return protowire.AppendString(protowire.AppendTag(b, valueString, protowire.BytesType), s), nil
}

func (e *jsonEncoder) integer(b []byte, n int64) ([]byte, error) {
	if n > maxExactInteger || n < -maxExactInteger {
		return nil, e.inexact(strconv.FormatInt(n, 10))
	}
	return e.number(b, float64(n))
}

func (e *jsonEncoder) number(b []byte, n float64) ([]byte, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, e.reject("is %v, which JSON cannot represent", n)
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, valueNumber, protowire.Fixed64Type), math.Float64bits(n)), nil
}

func (e *jsonEncoder) literal(b []byte, n json.Number) ([]byte, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		whole, err := n.Int64()
		if err != nil {
			return nil, e.inexact(n.String())
		}
		return e.integer(b, whole)
	}
	f, err := n.Float64()
	if err != nil {
		return nil, e.reject("is %s, which a float64 cannot represent", n)
	}
	return e.number(b, f)
}

// marshaled marshals structs and types with their own JSON form by encoding/json, and encodes the outcome.
func (e *jsonEncoder) marshaled(b []byte, value any) ([]byte, error) {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return e.any(b, nil)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, e.reject("cannot be marshaled: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, e.reject("cannot be marshaled: %v", err)
	}
	return e.any(b, plain)
}

func (e *jsonEncoder) elements(b []byte, list reflect.Value) ([]byte, error) {
	return e.nested(1, func() (_ []byte, err error) {
		for i := range list.Len() {
			e.path = append(e.path, pathStep{index: i})
			b = protowire.AppendTag(b, 1, protowire.BytesType)
			if b, err = e.embedded(b, list.Index(i), e.element); err != nil {
				return nil, err
			}
			e.path = e.path[:len(e.path)-1]
		}
		return b, nil
	})
}

func (e *jsonEncoder) fields(b []byte, fields reflect.Value) ([]byte, error) {
	if fields.Type().Key().Kind() != reflect.String {
		return nil, e.reject("has keys of type %s; JSON keys are strings", fields.Type().Key())
	}
	keys := fields.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	return e.nested(2, func() (_ []byte, err error) {
		for _, key := range keys {
			name := key.String()
			e.path = append(e.path, pathStep{key: name, index: -1})
			if !utf8.ValidString(name) {
				return nil, e.reject("has a key that is not valid UTF-8")
			}
			b = protowire.AppendTag(b, 1, protowire.BytesType)
			b, err = e.embedded(b, fields.MapIndex(key), func(b []byte, value reflect.Value) ([]byte, error) {
				b = protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), name)
				b = protowire.AppendTag(b, 2, protowire.BytesType)
				return e.embedded(b, value, e.element)
			})
			if err != nil {
				return nil, err
			}
			e.path = e.path[:len(e.path)-1]
		}
		return b, nil
	})
}

func (e *jsonEncoder) element(b []byte, v reflect.Value) ([]byte, error) {
	return e.any(b, v.Interface())
}

// embedded appends a length-prefixed message. Computing the length first would encode every nested value once per
// level, so embedded reserves one byte, encodes the message, and moves the message if its length needs more bytes.
func (e *jsonEncoder) embedded(b []byte, v reflect.Value, write func([]byte, reflect.Value) ([]byte, error)) ([]byte, error) {
	start := len(b) + 1
	b, err := write(append(b, 0), v)
	if err != nil {
		return nil, err
	}
	size := len(b) - start
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 {
		b = append(b, make([]byte, more)...)
		copy(b[start+more:], b[start:start+size])
	}
	protowire.AppendVarint(b[:start-1], uint64(size))
	return b, nil
}

// nested bounds the nesting, and so ends the descent into a value that contains itself.
func (e *jsonEncoder) nested(levels int, write func() ([]byte, error)) ([]byte, error) {
	e.depth += levels
	if e.depth > maxNestedMessages {
		return nil, e.reject("is nested too deeply; send it as data")
	}
	b, err := write()
	e.depth -= levels
	return b, err
}

func (e *jsonEncoder) inexact(n string) error {
	return e.reject("is %s; numbers are exact only up to 2^53, send it as a string", n)
}

func (e *jsonEncoder) reject(format string, args ...any) error {
	var path strings.Builder
	path.WriteString(e.path[0].key)
	for _, step := range e.path[1:] {
		if step.index >= 0 {
			fmt.Fprintf(&path, "[%d]", step.index)
		} else {
			path.WriteString("." + step.key)
		}
	}
	err := invalidArgument(path.String(), format, args...)
	err.Reason = "UNSERIALIZABLE_VALUE"
	return err
}
