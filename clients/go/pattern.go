package atedispatcher

import (
	"strings"
)

// The server's limits of a topic or pattern and of an id or group.
const (
	maxTopicBytes = 255
	maxIDBytes    = 128
)

// checkPattern rejects malformed topics and patterns locally, because the server would end the session for them.
func checkPattern(pattern string) error {
	if len(pattern) > maxTopicBytes {
		return tooLong("topic", pattern, maxTopicBytes)
	}
	tokens := strings.Split(pattern, ".")
	for i, token := range tokens {
		isLast := i == len(tokens)-1
		if token == "*" || token == ">" && isLast || isToken(token) {
			continue
		}
		return invalidArgument("topic", "%q is malformed; use tokens of A-Z, a-z, 0-9, _ and -, separated by dots; "+
			"* matches one token, and > as the last token matches one or more", pattern)
	}
	return nil
}

// tooLong returns the error of a text beyond the server's limit, with its beginning.
func tooLong(field, text string, maxBytes int) *Error {
	return invalidArgument(field, "%q is %d bytes long; use at most %d", boundedText(text, 64), len(text), maxBytes)
}

// checkRegistration rejects what can never fit into a message locally, because the server would end the session for it.
func checkRegistration(registration Registration) error {
	if len(registration.Topic) > maxTopicBytes {
		return tooLong("topic", registration.Topic, maxTopicBytes)
	}
	if len(registration.Group) > maxIDBytes {
		return tooLong("group", registration.Group, maxIDBytes)
	}
	return nil
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
