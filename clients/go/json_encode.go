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

// maxNestedMessages bounds how many protobuf messages may be nested in a payload. Receivers in most languages give up
// at 100 in all, envelope included, and some drop their whole stream then. A JSON object takes three levels and an
// array two, so that 29 nested objects or 44 nested arrays always fit.
const maxNestedMessages = 90

// maxExactInteger is the largest integer up to which a float64 holds every one.
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

// appendValue appends a google.protobuf.Value. The wire form is written directly, because structpb would turn bytes
// into base64, replace what it cannot say, and tell no path; and keys are sorted, because a repeated request is told
// apart from another one by its bytes.
func appendValue(b []byte, value any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.any(b, value)
}

// appendList appends a google.protobuf.ListValue; otherwise like appendValue.
func appendList(b []byte, values []any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.elements(b, reflect.ValueOf(values))
}

// appendStruct appends a google.protobuf.Struct; otherwise like appendValue.
func appendStruct(b []byte, fields map[string]any, root string) ([]byte, error) {
	e := jsonEncoder{path: []pathStep{{key: root, index: -1}}, depth: 1}
	return e.fields(b, reflect.ValueOf(fields))
}

// pathStep is a key, or an index from 0.
type pathStep struct {
	key   string
	index int
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
		return nil, e.reject("is a %s, which JSON cannot say", v.Type())
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
		return nil, e.reject("is %v, which JSON cannot say", n)
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
		return nil, e.reject("is %s, which is no float64", n)
	}
	return e.number(b, f)
}

// marshaled takes the way through encoding/json for whatever has its own idea of its JSON.
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
		return nil, e.reject("has keys of type %s; JSON takes strings", fields.Type().Key())
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

// embedded appends a message with its length in front. One byte is set aside for the length; a longer one, which is
// only known afterwards, moves the message up.
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

// nested also ends the descent into a value that contains itself.
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
	return e.reject("is %s; numbers are exact up to 2^53 only, send it as a string", n)
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
