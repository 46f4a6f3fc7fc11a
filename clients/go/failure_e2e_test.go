package atedispatcher_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// brokenError is an error whose methods call the functions that are set.
type brokenError struct {
	text   func() string
	unwrap func() error
	is     func(error) bool
	as     func(any) bool
	status func() *status.Status
}

func (e *brokenError) Error() string { return e.text() }

func (e *brokenError) Unwrap() error {
	if e.unwrap == nil {
		return nil
	}
	return e.unwrap()
}

func (e *brokenError) Is(target error) bool { return e.is != nil && e.is(target) }

func (e *brokenError) As(target any) bool { return e.as != nil && e.as(target) }

// brokenStatusError also has a gRPC status.
type brokenStatusError struct{ brokenError }

func (e *brokenStatusError) GRPCStatus() *status.Status { return e.status() }

type panickingMarshaler struct{}

func (panickingMarshaler) MarshalJSON() ([]byte, error) { panic("no JSON today") }

type failingMarshaler struct{}

func (failingMarshaler) MarshalJSON() ([]byte, error) { var none *brokenError; return nil, none }

type exitingText struct{}

func (exitingText) Error() string { runtime.Goexit(); return "" }

type panickingText struct{}

func (panickingText) Error() string { panic(panickingText{}) }

func plain(text string) func() string { return func() string { return text } }

// oddHandlers fail in every way that Go can recover from.
func oddHandlers() map[string]atedispatcher.Handler {
	fail := func(err error) atedispatcher.Handler {
		return func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
			return atedispatcher.Result{}, err
		}
	}
	value := func(value any) atedispatcher.Handler {
		return func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
			return atedispatcher.Value(value), nil
		}
	}
	throw := func(value any) atedispatcher.Handler {
		return func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) { panic(value) }
	}
	cycle := &brokenError{text: plain("a chain without an end")}
	cycle.unwrap = func() error { return cycle }
	self := map[string]any{}
	self["self"] = self
	var typedNil *brokenError
	var ownNil *atedispatcher.Error
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint(i)] = "x"
	}
	large, err := anypb.New(&rpcstatus.Status{Message: strings.Repeat("x", 2<<20)})
	if err != nil {
		panic(err)
	}
	return map[string]atedispatcher.Handler{
		"typed nil":            fail(typedNil),
		"typed nil of our own": fail(ownNil),
		"wrapped typed nil":    fail(fmt.Errorf("asking: %w", ownNil)),
		"Error panics":         fail(&brokenError{text: func() string { panic("no text today") }}),
		"Error exits":          fail(exitingText{}),
		"Unwrap panics":        fail(&brokenError{text: plain("unwrap"), unwrap: func() error { panic("no cause today") }}),
		"Unwrap never ends":    fail(cycle),
		"Is panics":            fail(&brokenError{text: plain("is"), is: func(error) bool { panic("is") }}),
		"As panics":            fail(&brokenError{text: plain("as"), as: func(any) bool { panic("as") }}),
		"As gives nil":         fail(&brokenError{text: plain("as"), as: func(any) bool { return true }}),
		"GRPCStatus panics": fail(&brokenStatusError{brokenError{
			text: plain("status"), status: func() *status.Status { panic("no status today") },
		}}),
		"GRPCStatus is nil":      fail(&brokenStatusError{brokenError{text: plain("status"), status: func() *status.Status { return nil }}}),
		"GRPCStatus is large":    fail(status.FromProto(&rpcstatus.Status{Code: 5, Message: "large", Details: []*anypb.Any{large}}).Err()),
		"GRPCStatus is not text": fail(status.Error(codes.NotFound, "\xff\xfe")),
		"a huge text":            fail(errors.New(strings.Repeat("ä", 3<<20))),
		"text that is not UTF-8": fail(errors.New("\xff\xfe gone")),
		"huge metadata": fail(&atedispatcher.Error{
			Code: codes.NotFound, Reason: "NO_SUCH_SKU", Message: "gone", Metadata: map[string]string{"sku": strings.Repeat("x", 2<<20)},
		}),
		"many metadata":                  fail(&atedispatcher.Error{Code: codes.NotFound, Reason: "NO_SUCH_SKU", Message: "gone", Metadata: many}),
		"metadata that is not UTF-8":     fail(&atedispatcher.Error{Code: codes.NotFound, Message: "gone", Metadata: map[string]string{"\xff": "\xfe"}}),
		"a huge reason":                  fail(&atedispatcher.Error{Code: codes.NotFound, Reason: strings.Repeat("R", 2<<20), Message: "gone"}),
		"panic with nil":                 throw(nil),
		"panic with a typed nil":         throw(typedNil),
		"panic with a broken error":      throw(panickingText{}),
		"panic with an exiting error":    throw(exitingText{}),
		"panic with a value that loops":  throw(self),
		"panic with a huge text":         throw(strings.Repeat("x", 3<<20)),
		"MarshalJSON panics":             value(panickingMarshaler{}),
		"MarshalJSON fails with nil":     value(failingMarshaler{}),
		"a result that contains itself":  value(self),
		"a result that is far too large": value(strings.Repeat("x", 3<<20)),
	}
}

func TestEveryFailureOfAHandlerIsAPrintableResultAndTheProducerContinues(t *testing.T) {
	server := serve(t, "--max-message-bytes", "64KiB")
	client := connect(t, server.address)
	handlers := oddHandlers()
	handlers["good"] = echo
	producer, _ := produce(t, client, "odd", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return handlers[a.Args[0].(string)](ctx, a)
	}, atedispatcher.ProducerOptions{Concurrency: 1})
	first := producer.ID()
	for name := range oddHandlers() {
		results, summary := mustGather(t, client, "odd", atedispatcher.RequestOptions{Args: []any{name}, TTL: testTimeout / 4})
		if summary.Failed != 1 || len(results) != 1 {
			t.Errorf("%s: got %+v", name, summary.Outcomes)
			continue
		}
		failure, ok := errors.AsType[*atedispatcher.Error](results[0].Err())
		if !ok || failure.Message == "" || !utf8.ValidString(failure.Message) || utf8.RuneCountInString(failure.Message) > 1024 {
			t.Errorf("%s: got %d characters: %.200q", name, utf8.RuneCountInString(failure.Message), failure.Message)
		}
		switch name {
		case "typed nil", "typed nil of our own", "Error panics", "Error exits":
			if !strings.Contains(failure.Message, "(its text cannot be read)") {
				t.Errorf("%s: got %q", name, failure.Message)
			}
		case "a huge text":
			if !strings.HasSuffix(failure.Message, "...") || utf8.RuneCountInString(failure.Message) != 1024 {
				t.Errorf("%s: got %.200q", name, failure.Message)
			}
		case "huge metadata", "many metadata", "GRPCStatus is large":
			if failure.Code != codes.NotFound || failure.Metadata != nil || !strings.Contains(failure.Message, "metadata") {
				t.Errorf("%s: got %+v", name, failure)
			}
		case "metadata that is not UTF-8":
			if failure.Metadata["\uFFFD"] != "\uFFFD" {
				t.Errorf("%s: got %q", name, failure.Metadata)
			}
		}
	}
	if results, _ := mustGather(t, client, "odd", atedispatcher.RequestOptions{Args: []any{"good"}}); results[0].Err() != nil {
		t.Error(results[0].Err())
	}
	if producer.ID() != first {
		t.Error("the producer has another session")
	}
}

func TestAFailingCallbackEndsNoStream(t *testing.T) {
	client := shared(t)
	var logged atomic.Int32
	previous := slog.Default()
	slog.SetDefault(slog.New(panickingLog{&logged}))
	defer slog.SetDefault(previous)
	topic := "callbacks.panic"
	produce(t, client, topic, func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
		panic("boom")
	}, atedispatcher.ProducerOptions{
		OnStatus:      func(atedispatcher.Status) { panic("OnStatus") },
		OnDisposition: func(string, atedispatcher.Disposition) { panic("OnDisposition") },
	})
	results := make(chan *atedispatcher.Delivery, 4)
	listener := client.NewListener([]string{topic}, atedispatcher.ListenerOptions{
		OnStatus:  func(atedispatcher.Status) { panic("OnStatus") },
		OnSummary: func(*atedispatcher.Summary) { panic("OnSummary") },
		OnResult: func(_ context.Context, result *atedispatcher.Delivery) {
			results <- result
			panic("OnResult")
		},
	})
	run := background(t, listener.Run)
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, summary := mustGather(t, client, topic, atedispatcher.RequestOptions{}); summary.Failed != 1 {
			t.Errorf("got %+v", summary)
		}
		select {
		case <-results:
		case <-time.After(testTimeout):
			t.Fatal("the listener is deaf")
		}
	}
	if err := run.end(t); err != nil {
		t.Error(err)
	}
	eventually(t, "the panics are logged", func() bool { return logged.Load() >= 4 })
}

// panickingLog counts its records and panics.
type panickingLog struct{ records *atomic.Int32 }

func (h panickingLog) Enabled(context.Context, slog.Level) bool { return true }

func (h panickingLog) Handle(context.Context, slog.Record) error {
	h.records.Add(1)
	panic("the log panics")
}

func (h panickingLog) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h panickingLog) WithGroup(string) slog.Handler { return h }

func TestABlockedCallbackDoesNotHoldTheStream(t *testing.T) {
	client := shared(t)
	blocked := make(chan struct{})
	defer close(blocked)
	_, run := produce(t, client, "callbacks.block", echo, atedispatcher.ProducerOptions{
		OnStatus:      func(atedispatcher.Status) { <-blocked },
		OnDisposition: func(string, atedispatcher.Disposition) { <-blocked },
	})
	listener := client.NewListener([]string{"callbacks.block"}, atedispatcher.ListenerOptions{
		OnStatus: func(atedispatcher.Status) { <-blocked },
	})
	listening := background(t, listener.Run)
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, summary := mustGather(t, client, "callbacks.block", atedispatcher.RequestOptions{}); summary.Answered != 1 {
			t.Errorf("got %+v", summary)
		}
	}
	if err := errors.Join(run.end(t), listening.end(t)); err != nil {
		t.Error(err)
	}
}

// The server is a fake, because a real one reports gaps only to slow listeners.
func TestAFailingCallbackOfAGapEndsNoStream(t *testing.T) {
	address := serveFake(t, &fake{listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
		gap := &dispatcherv1.Gap{Topic: "t", Reason: dispatcherv1.GapReason_GAP_REASON_SLOW_LISTENER, From: 1, To: 8, LostCount: 8}
		delivery := &dispatcherv1.Delivery{Topic: "t", Sequence: 9}
		send(t, stream, readyEvent(), &dispatcherv1.ListenerEvent{Event: &dispatcherv1.ListenerEvent_Gap{Gap: gap}},
			&dispatcherv1.ListenerEvent{Event: &dispatcherv1.ListenerEvent_Delivery{Delivery: delivery}})
		<-stream.Context().Done()
		return nil
	}})
	arrived := make(chan uint64, 1)
	faults := make(chan *atedispatcher.Error, 1)
	listener := connect(t, address).NewListener([]string{"t"}, atedispatcher.ListenerOptions{
		OnGap:    func(atedispatcher.Gap) { panic("OnGap") },
		OnResult: func(_ context.Context, result *atedispatcher.Delivery) { arrived <- result.Sequence },
		OnStatus: func(s atedispatcher.Status) {
			if s.Kind == atedispatcher.StatusFault {
				faults <- s.Err
			}
		},
	})
	background(t, listener.Run)
	if sequence := <-arrived; sequence != 9 {
		t.Errorf("got %d", sequence)
	}
	if fault := <-faults; fault.Reason != "CALLBACK_FAILED" || !strings.Contains(fault.Message, "OnGap") {
		t.Errorf("got %v", fault)
	}
}
