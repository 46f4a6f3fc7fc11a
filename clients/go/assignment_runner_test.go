package atedispatcher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// sentReplies is a replySender that records its replies.
type sentReplies struct {
	mu    sync.Mutex
	sent  []string
	limit int
}

func (s *sentReplies) reply(_ context.Context, assignmentID string, more bool, result []byte) error {
	if s.limit > 0 && len(result) > s.limit {
		return ErrResultTooLarge
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := "final"
	if more {
		kind = "partial"
	}
	if isFailure(result) {
		kind = "failure"
	}
	s.sent = append(s.sent, assignmentID+" "+kind)
	return nil
}

func isFailure(result []byte) bool {
	var message dispatcherv1.Result
	return proto.Unmarshal(result, &message) == nil && message.GetError() != nil
}

// blockedHandler runs a handler that blocks until the test tells it how to continue.
type blockedHandler struct {
	*assignmentRunner
	*sentReplies
	started chan context.Context
	proceed chan func(context.Context, *Assignment) (Result, error)
}

func newBlockedHandler() *blockedHandler {
	w := &blockedHandler{
		sentReplies: &sentReplies{},
		started:     make(chan context.Context),
		proceed:     make(chan func(context.Context, *Assignment) (Result, error)),
	}
	w.assignmentRunner = newAssignmentRunner(func(ctx context.Context, a *Assignment) (Result, error) {
		w.started <- ctx
		return (<-w.proceed)(ctx, a)
	}, func(*Error) {})
	return w
}

func (w *blockedHandler) begin(id string) context.Context {
	w.assign(context.Background(), wireAssignment{assignmentID: id, ttl: time.Hour}, w.sentReplies)
	return <-w.started
}

func (w *blockedHandler) end(t *testing.T, handler func(context.Context, *Assignment) (Result, error)) []string {
	t.Helper()
	w.proceed <- handler
	w.waitIdle(t.Context())
	if len(w.outstanding) != 0 {
		t.Errorf("%d assignments are remembered", len(w.outstanding))
	}
	return w.sent
}

func late(ctx context.Context, a *Assignment) (Result, error) {
	if err := a.Send(context.WithoutCancel(ctx), Value(1)); err != nil {
		return Result{}, err
	}
	return Value(2), nil
}

func TestResultsAfterARevocationAreSent(t *testing.T) {
	for _, reason := range []dispatcherv1.RevocationReason{
		dispatcherv1.RevocationReason_REVOCATION_REASON_EXPIRED,
		dispatcherv1.RevocationReason_REVOCATION_REASON_COMPLETED,
		dispatcherv1.RevocationReason_REVOCATION_REASON_REQUESTED,
		dispatcherv1.RevocationReason_REVOCATION_REASON_CALLER_GONE,
	} {
		w := newBlockedHandler()
		ctx := w.begin("a")
		w.revoke([]string{"a"}, revoked(reason))
		if err := context.Cause(ctx); !errors.Is(err, revoked(reason)) {
			t.Errorf("%v: the cause is %v", reason, err)
		}
		if sent := w.end(t, late); !slices.Equal(sent, []string{"a partial", "a final"}) {
			t.Errorf("%v: sent %v", reason, sent)
		}
	}
}

func TestNothingIsSentWhenNobodyCanReceiveIt(t *testing.T) {
	for _, cause := range []error{ErrShutdown, ErrSessionLost, ErrClosed} {
		w := newBlockedHandler()
		w.begin("a")
		w.revoke([]string{"a"}, cause.(*Error))
		sent := w.end(t, func(ctx context.Context, a *Assignment) (Result, error) {
			if err := a.Send(context.Background(), Value(1)); !errors.Is(err, cause) {
				t.Errorf("%v: Send returned %v", cause, err)
			}
			return Value(2), nil
		})
		if len(sent) != 0 {
			t.Errorf("%v: sent %v", cause, sent)
		}
	}
}

func TestAHandlerThatFailsAfterItsRevocationSendsNothing(t *testing.T) {
	for name, handler := range map[string]func(context.Context, *Assignment) (Result, error){
		"gives up": func(ctx context.Context, _ *Assignment) (Result, error) { return Result{}, ctx.Err() },
		"sends with its context": func(ctx context.Context, a *Assignment) (Result, error) {
			return Result{}, a.Send(ctx, Value(1))
		},
		"panics":                             func(context.Context, *Assignment) (Result, error) { panic("boom") },
		"returns a result that is too large": func(context.Context, *Assignment) (Result, error) { return Value("far more than 10 bytes"), nil },
		"returns a value that JSON cannot represent": func(context.Context, *Assignment) (Result, error) { return Value(make(chan int)), nil },
	} {
		w := newBlockedHandler()
		w.sentReplies.limit = 10
		w.begin("a")
		w.revoke([]string{"a"}, ErrExpired.(*Error))
		if sent := w.end(t, handler); len(sent) != 0 {
			t.Errorf("a handler that %s sent %v", name, sent)
		}
	}
}

func TestNothingIsSentAfterTheFinalResult(t *testing.T) {
	w := newBlockedHandler()
	w.begin("a")
	w.revoke([]string{"a"}, ErrExpired.(*Error))
	var kept *Assignment
	w.end(t, func(_ context.Context, a *Assignment) (Result, error) {
		kept = a
		return Value(1), nil
	})
	if err := kept.Send(t.Context(), Value(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("Send returned %v", err)
	}
	if !slices.Equal(w.sent, []string{"a final"}) {
		t.Errorf("sent %v", w.sent)
	}
}

func TestAnAssignmentWhoseTTLRunsOutWhileItWaitsIsDropped(t *testing.T) {
	w := newBlockedHandler()
	w.begin("slow")
	// The handler outlasts the TTL of its assignment, and keeps the only slot.
	w.revoke([]string{"slow"}, ErrExpired.(*Error))
	w.assign(context.Background(), wireAssignment{assignmentID: "waits", ttl: time.Millisecond}, w.sentReplies)
	waiting := w.outstanding["waits"]
	<-waiting.ctx.Done()
	w.assign(context.Background(), wireAssignment{assignmentID: "next", ttl: time.Hour}, w.sentReplies)
	w.proceed <- func(context.Context, *Assignment) (Result, error) { return Value(1), nil }
	if ctx := <-w.started; ctx.Err() != nil {
		t.Error("a handler was started after the end of its TTL")
	}
	sent := w.end(t, func(context.Context, *Assignment) (Result, error) { return Value(2), nil })
	if !slices.Equal(sent, []string{"slow final", "next final"}) {
		t.Errorf("sent %v", sent)
	}
}

func TestATTLOfYearsDoesNotOverflow(t *testing.T) {
	w := newBlockedHandler()
	w.assign(context.Background(), wireAssignment{assignmentID: "a", ttl: 1<<63 - 1}, w.sentReplies)
	if ctx := <-w.started; ctx.Err() != nil {
		t.Errorf("the context has ended: %v", context.Cause(ctx))
	}
	w.end(t, func(context.Context, *Assignment) (Result, error) { return Value(1), nil })
}
