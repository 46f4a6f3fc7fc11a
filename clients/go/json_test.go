package atedispatcher

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

type text string

type order struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity,omitempty"`
	hidden   int
}

func TestEncodedValuesMatchTheGeneratedCode(t *testing.T) {
	seven := 7
	long := strings.Repeat("ü", 20_000)
	for name, c := range map[string]struct{ value, want any }{
		"null":           {nil, nil},
		"nil pointer":    {(*int)(nil), nil},
		"nil map":        {map[string]int(nil), nil},
		"nil slice":      {[]string(nil), nil},
		"bool":           {true, true},
		"int":            {-3, -3.0},
		"largest exact":  {int64(1) << 53, float64(1 << 53)},
		"uint8":          {uint8(255), 255.0},
		"float32":        {float32(0.5), 0.5},
		"negative zero":  {math.Copysign(0, -1), math.Copysign(0, -1)},
		"named string":   {text("x"), "x"},
		"pointer":        {&seven, 7.0},
		"number literal": {json.Number("1.5e3"), 1500.0},
		"long text":      {long, long},
		"slice":          {[]int{1, 2}, []any{1.0, 2.0}},
		"array":          {[2]string{"a", "b"}, []any{"a", "b"}},
		"empty":          {[]any{map[string]any{}, []any{}}, []any{map[string]any{}, []any{}}},
		"map":            {map[text][]any{"a": {nil, "b"}}, map[string]any{"a": []any{nil, "b"}}},
		"struct":         {order{SKU: "lamp", hidden: 1}, map[string]any{"sku": "lamp"}},
		"marshaler":      {time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01T00:00:00Z"},
		"nested long":    {map[string]any{"a": []any{long, map[string]any{"b": long}}}, map[string]any{"a": []any{long, map[string]any{"b": long}}}},
	} {
		b, err := appendValue(nil, c.value, "v")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var generated structpb.Value
		if err := proto.Unmarshal(b, &generated); err != nil {
			t.Errorf("%s: the generated code fails: %v", name, err)
		}
		if got := generated.AsInterface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: the generated code reads %v, want %v", name, got, c.want)
		}
		if got, err := readValue(b); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: read %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestValuesThatJSONCannotRepresentAreRejectedWithTheirPath(t *testing.T) {
	cycle := map[string]any{}
	cycle["me"] = cycle
	deep := any("x")
	for range 30 {
		deep = map[string]any{"d": deep}
	}
	for want, value := range map[string]any{
		"v is NaN":                                      math.NaN(),
		"v[1] is +Inf":                                  []any{0, math.Inf(1)},
		"v.a[0].b is bytes; send it as data":            map[string]any{"a": []any{map[string]any{"b": []byte("x")}}},
		"v is 9007199254740993; numbers are exact":      int64(1)<<53 + 1,
		"v is -9007199254740993;":                       -(int64(1)<<53 + 1),
		"v is 18446744073709551615;":                    uint64(math.MaxUint64),
		"v is 123456789012345678901234567890;":          new(big.Int).Add(big.NewInt(0), mustBig("123456789012345678901234567890")),
		"v is 1e999, which a float64 cannot represent":  json.Number("1e999"),
		"v is a func()":                                 func() {},
		"v is a complex128":                             complex(1, 2),
		"v.x is not valid UTF-8":                        map[string]any{"x": "\xff"},
		"v.\xff has a key":                              map[string]any{"\xff": 1},
		"v has keys of type int":                        map[int]string{1: "x"},
		"v.me.me.me":                                    cycle,
		"v.d.d.d":                                       deep,
		"v cannot be marshaled: json: unsupported type": struct{ F func() }{},
	} {
		_, err := appendValue(nil, value, "v")
		failure, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, ErrUnserializable) || !strings.HasPrefix(failure.Message, want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if ok && !strings.HasPrefix(failure.Message, failure.FieldViolations[0].Field+" ") {
			t.Errorf("the field is %q", failure.FieldViolations[0].Field)
		}
	}
}

func TestEqualValuesHaveEqualBytes(t *testing.T) {
	value := map[string]any{}
	for _, key := range strings.Split("abcdefghijklmnop", "") {
		value[key] = map[string]any{"x": key, "y": key}
	}
	first, err := appendStruct(nil, value, "v")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := appendStruct(nil, value, "v")
		if err != nil || string(again) != string(first) {
			t.Fatal("the bytes differ", err)
		}
	}
}

func TestMalformedValuesAreErrors(t *testing.T) {
	nested := []byte{}
	for range maxDepth + 2 {
		nested = appendMessage(nil, valueList, appendMessage(nil, 1, nested))
	}
	for name, b := range map[string][]byte{
		"cut":        {0x1a, 0x05, 'a'},
		"bad tag":    {0x00},
		"not UTF-8":  {0x1a, 0x01, 0xff},
		"overlong":   {0x2a, 0x02, 0x0a, 0x7f},
		"too deep":   nested,
		"group left": {0x0b},
	} {
		if value, err := readValue(b); err == nil {
			t.Errorf("%s: got %v", name, value)
		}
	}
	if value, err := readValue([]byte{0x7a, 0x01, 'x'}); err != nil || value != nil {
		t.Errorf("an unknown field: got %v, %v", value, err)
	}
}

func FuzzValues(f *testing.F) {
	seed, _ := appendValue(nil, map[string]any{"a": []any{1, "b", nil, true, map[string]any{}}}, "v")
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		value, err := readValue(b)
		if err != nil {
			return
		}
		again, err := appendValue(nil, value, "v")
		if err != nil {
			return
		}
		if got, err := readValue(again); err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%v became %v, %v", value, got, err)
		}
	})
}

func mustBig(digits string) *big.Int {
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		panic(digits)
	}
	return n
}
