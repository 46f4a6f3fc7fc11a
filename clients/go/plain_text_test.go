package atedispatcher

import (
	"bytes"
	"errors"
	"log"
	"strings"
	"testing"
	"unicode"
)

func TestTheLogHoldsNoCharacterThatATerminalObeys(t *testing.T) {
	var hostile strings.Builder
	for char := rune(0); char < 0x10000; char++ {
		if unicode.In(char, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			hostile.WriteRune(char)
		}
	}
	var lines bytes.Buffer
	previous := log.Writer()
	log.SetOutput(&lines)
	defer log.SetOutput(previous)

	peer := newSupervisor(nil, hostile.String(), nil)
	peer.reportStatus(Status{Kind: StatusFault, Err: &Error{Message: hostile.String(), Reason: hostile.String()}})
	peer.reportStatus(Status{Kind: StatusDisconnected, Err: &Error{Message: hostile.String()}})
	peer.reportStatus(Status{Kind: StatusFault, Err: callbackFailure("OnResult", errors.New(hostile.String()))})
	peer.notifier.waitIdle()

	if got := strings.Count(lines.String(), "\n"); got != 3 {
		t.Errorf("got %d lines, want 3", got)
	}
	if at := strings.IndexFunc(strings.ReplaceAll(lines.String(), "\n", ""), isUnsafe); at >= 0 {
		t.Errorf("got a raw character at %d", at)
	}
	if !strings.Contains(lines.String(), `\u001b`) {
		t.Error("the escape character is not shown")
	}
}
