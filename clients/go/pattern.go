package atedispatcher

import (
	"strings"
)

// The server's limits of a topic or pattern and of an id or group.
const (
	maxTopicBytes    = 255
	maxPatternTokens = 16
	maxPatternStars  = 4
	maxIDBytes       = 128
)

// isPattern reports whether a text is a topic or pattern.
func isPattern(text string) bool {
	if len(text) > maxTopicBytes {
		return false
	}
	tokens := strings.Split(text, ".")
	hasWildcard := false
	for i, token := range tokens {
		isLast := i == len(tokens)-1
		if token == "*" || token == ">" && isLast {
			hasWildcard = true
		} else if !isToken(token) {
			return false
		}
	}
	return !hasWildcard || len(tokens) <= maxPatternTokens && strings.Count(text, "*") <= maxPatternStars
}

func isToken(token string) bool {
	if token == "" {
		return false
	}
	for _, c := range []byte(token) {
		isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
		isDigit := c >= '0' && c <= '9'
		if !isLetter && !isDigit && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// matches reports whether a pattern matches a topic.
func matches(pattern, topic string) bool {
	for {
		patternToken, patternRest, patternHasMore := strings.Cut(pattern, ".")
		topicToken, topicRest, topicHasMore := strings.Cut(topic, ".")
		switch {
		case patternToken == ">" && !patternHasMore:
			return true
		case patternToken != "*" && patternToken != topicToken:
			return false
		case !patternHasMore || !topicHasMore:
			return patternHasMore == topicHasMore
		}
		pattern, topic = patternRest, topicRest
	}
}
