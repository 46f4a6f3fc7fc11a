package atedispatcher

import (
	"strings"
)

const maxTopicBytes = 255

// checkPattern refuses what the server would end the session for.
func checkPattern(pattern string) error {
	if len(pattern) > maxTopicBytes {
		return invalidArgument("topic", "%q is %d bytes long; use at most %d", pattern, len(pattern), maxTopicBytes)
	}
	tokens := strings.Split(pattern, ".")
	for i, token := range tokens {
		isLast := i == len(tokens)-1
		if token == "*" || token == ">" && isLast || isToken(token) {
			continue
		}
		return invalidArgument("topic", "%q is malformed; use tokens of A-Z, a-z, 0-9, _ and -, joined by dots, "+
			"with * for one token and > as the last one for all further ones", pattern)
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

// covers tells whether a pattern stands for a topic.
func covers(pattern, topic string) bool {
	for {
		wanted, morePattern, patternGoesOn := strings.Cut(pattern, ".")
		given, moreTopic, topicGoesOn := strings.Cut(topic, ".")
		switch {
		case wanted == ">" && !patternGoesOn:
			return true
		case wanted != "*" && wanted != given:
			return false
		case !patternGoesOn || !topicGoesOn:
			return patternGoesOn == topicGoesOn
		}
		pattern, topic = morePattern, moreTopic
	}
}
