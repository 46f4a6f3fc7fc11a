package atedispatcher

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
)

// unknownEnumValue stands for an enum value that does not exist. The server rejects it by the name of its field.
const unknownEnumValue = -1

// violations collects the fields with values that cannot be sent, so that one error names all of them. Every value that
// can be sent is left to the server, whose error also names the fields that only the server can check.
type violations []FieldViolation

func (v *violations) add(field, format string, args ...any) {
	*v = append(*v, FieldViolation{field, fmt.Sprintf(format, args...)})
}

// addFrom adds the violations of the error of a check, if it has failed.
func (v *violations) addFrom(err error) {
	if failure, ok := errors.AsType[*Error](err); ok {
		*v = append(*v, failure.FieldViolations...)
	}
}

// err returns the error that names all violations, or nil if there is none.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	texts := make([]string, 0, len(v))
	for _, each := range v {
		texts = append(texts, each.Field+" "+each.Description)
	}
	return &Error{
		Code:            codes.InvalidArgument,
		Reason:          "INVALID_FIELD",
		Message:         strings.Join(texts, "; "),
		FieldViolations: v,
	}
}

// count converts to the unsigned type of the wire.
func (v *violations) count(field string, n int) uint32 {
	if n < 0 || int64(n) > math.MaxUint32 {
		v.add(field, "is %d; it must be from 0 to %d", n, uint32(math.MaxUint32))
		return 0
	}
	return uint32(n)
}

// texts checks that texts are valid UTF-8, as protobuf demands. It reports the first other one.
func (v *violations) texts(field string, texts ...string) {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			v.add(field, "%q is not valid UTF-8", boundedText(text, 64))
			return
		}
	}
}

// textMap checks the keys and values of a map like texts.
func (v *violations) textMap(field string, entries map[string]string) {
	for key, value := range entries {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			v.add(field, "has an entry that is not valid UTF-8: %q", boundedText(key, 64))
			return
		}
	}
}

// size checks the size of a text that would not fit into a message.
func (v *violations) size(field, text string, maxBytes int) {
	if len(text) > maxBytes {
		v.add(field, "%q is %d bytes long; use at most %d", boundedText(text, 64), len(text), maxBytes)
	}
}

// sizes checks the sizes of the texts in a list. It reports the first wrong one, as the server does.
func (v *violations) sizes(field string, texts []string, maxBytes int) {
	for i, text := range texts {
		if len(text) > maxBytes {
			v.size(fmt.Sprintf("%s[%d]", field, i), text, maxBytes)
			return
		}
	}
}

// patterns checks a list of topics and patterns. It reports the first malformed one, as the server does.
func (v *violations) patterns(field string, patterns []string) {
	for i, pattern := range patterns {
		if !isPattern(pattern) {
			v.add(fmt.Sprintf("%s[%d]", field, i), "is %q; use at most %d bytes: tokens of A-Z, a-z, 0-9, _ and -, separated by "+
				"dots; * matches one token, and > as the last token matches one or more; with wildcards, at most %d tokens and %d *",
				boundedText(pattern, 64), maxTopicBytes, maxPatternTokens, maxPatternStars)
			return
		}
	}
}

// enumNumber returns the number of an enum value on the wire, where 0 is unset and means the first value.
func enumNumber(value, last int) int32 {
	switch {
	case value == 0:
		return 0
	case value < 0 || value > last:
		return unknownEnumValue
	}
	return int32(value) + 1
}
