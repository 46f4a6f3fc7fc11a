package atedispatcher

import (
	"fmt"
	"strings"
)

// plainText returns a text of a peer for the log. What a terminal or a reader of lines would obey becomes an escape:
// control characters, separators of lines and paragraphs, and characters that change the direction of text. The handlers
// of log/slog escape some of them in some places, and the handler that is the default escapes none in a message.
func plainText(text string) string {
	if strings.IndexFunc(text, isUnsafe) < 0 {
		return text
	}
	var plain strings.Builder
	for _, char := range text {
		if isUnsafe(char) {
			fmt.Fprintf(&plain, "\\u%04x", char)
		} else {
			plain.WriteRune(char)
		}
	}
	return plain.String()
}

func isUnsafe(char rune) bool {
	switch {
	case char < 0x20, char >= 0x7f && char <= 0x9f:
		return true
	case char == 0x061c, char == 0x200e, char == 0x200f:
		return true
	}
	return char >= 0x2028 && char <= 0x202e || char >= 0x2066 && char <= 0x2069
}
