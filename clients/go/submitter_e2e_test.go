package atedispatcher_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

func newSubmitter(t testing.TB, client *atedispatcher.Client) *atedispatcher.Submitter {
	t.Helper()
	submitter := client.NewSubmitter()
	t.Cleanup(func() { _ = submitter.Close() })
	return submitter
}

func TestManyRequestsOnOneStream(t *testing.T) {
	client := shared(t)
	produce(t, client, "many", echo, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "many")
	submitter := newSubmitter(t, client)
	ctx := testContext(t)
	const workers, each = 20, 25
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := range each {
				n := float64(worker*each + i)
				results, summary, err := submitter.GatherAll(ctx, "many", atedispatcher.RequestOptions{Args: []any{n}})
				if err != nil || len(results) != 1 || summary.Answered != 1 || results[0].RequestID != summary.RequestID {
					t.Errorf("got %v, %+v, %v", results, summary, err)
					return
				}
				var value struct{ Args []float64 }
				if err := results[0].Decode(&value); err != nil || value.Args[0] != n {
					t.Errorf("got %v, %v, want %v", value, err, n)
				}
				if _, err := submitter.Dispatch(ctx, "many", atedispatcher.RequestOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	h.untilResults(t, 2*workers*each)
}

func TestARejectedSubmissionAffectsNoOther(t *testing.T) {
	client := shared(t)
	submitter := newSubmitter(t, client)
	ctx := testContext(t)
	waiting, err := submitter.Gather(ctx, "refused", atedispatcher.RequestOptions{
		RequestID: "refused-1", TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range []struct {
		topic   string
		options atedispatcher.RequestOptions
		want    error
	}{
		{"no topic", atedispatcher.RequestOptions{}, atedispatcher.ErrInvalidArgument},
		{"refused", atedispatcher.RequestOptions{Args: []any{make(chan int)}}, atedispatcher.ErrUnserializable},
		{"refused", atedispatcher.RequestOptions{NoProducers: atedispatcher.NoProducersFail}, atedispatcher.ErrNoProducers},
		{"refused", atedispatcher.RequestOptions{Context: map[string]string{"traceparent": "\xff"}}, atedispatcher.ErrInvalidArgument},
		{"refused", atedispatcher.RequestOptions{RequestID: "refused-1"}, atedispatcher.ErrInvalidArgument},
	} {
		if _, err := submitter.Gather(ctx, refused.topic, refused.options); !errors.Is(err, refused.want) {
			t.Errorf("got %v, want %v", err, refused.want)
		}
	}
	if _, err := submitter.Dispatch(ctx, "refused", atedispatcher.RequestOptions{RequestID: "refused-1"}); !errors.Is(err, atedispatcher.ErrRequestIDReused) {
		t.Errorf("got %v", err)
	}
	produce(t, client, "refused", echo, atedispatcher.ProducerOptions{})
	if summary, err := waiting.Summary(); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	// After a gather has ended, its id may be gathered again. The server then replays the ended request.
	_, summary, err := submitter.GatherAll(ctx, "refused", atedispatcher.RequestOptions{
		RequestID: "refused-1", TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
	})
	if err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

func TestTheEndOfTheContextCancelsASubmittedGather(t *testing.T) {
	client := shared(t)
	submitter := newSubmitter(t, client)
	started, causes := make(chan string, 10), make(chan error, 10)
	produce(t, client, "submitted", untilRevoked(started, causes), atedispatcher.ProducerOptions{})
	options := atedispatcher.RequestOptions{TTL: time.Minute}

	ctx, cancel := context.WithCancel(t.Context())
	gather, err := submitter.Gather(ctx, "submitted", options)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	cancel()
	if _, err := gather.Summary(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrRequested) {
		t.Errorf("the handler's context ended with %v", cause)
	}

	closed, err := submitter.Gather(t.Context(), "submitted", options)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	closed.Close()
	<-causes
	cancelled, err := submitter.Gather(t.Context(), "submitted", options)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	if err := cancelled.Cancel(t.Context()); err != nil {
		t.Error(err)
	}
	if summary, err := cancelled.Summary(); err != nil || summary.Reason != atedispatcher.ReasonCancelled {
		t.Errorf("got %+v, %v", summary, err)
	}
	<-causes
	left, err := submitter.Gather(t.Context(), "submitted", options)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	submitter.Close()
	if _, err := left.Summary(); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrCallerGone) {
		t.Errorf("the handler's context ended with %v", cause)
	}
	if _, err := submitter.Dispatch(t.Context(), "submitted", options); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestASubmitterOpensANewStreamAfterABrokenOne(t *testing.T) {
	server := serve(t, heartbeatFlags...)
	proxy := newProxy(t, server.address)
	through := connect(t, proxy.address)
	// A listener learns the heartbeat interval at once, and the whole client uses it.
	listen(t, through, atedispatcher.ListenerOptions{})
	submitter := newSubmitter(t, through)
	direct := connect(t, server.address)
	produce(t, direct, "survived", echo, atedispatcher.ProducerOptions{})
	for name, disturb := range map[string]func(){"cut": proxy.cut, "frozen": proxy.freeze} {
		gather, err := submitter.Gather(testContext(t), "nobody", atedispatcher.RequestOptions{
			TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
		})
		if err != nil {
			t.Fatal(err)
		}
		disturb()
		if _, err := gather.Summary(); !errors.Is(err, atedispatcher.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
		eventually(t, "the next stream works", func() bool {
			_, summary, err := submitter.GatherAll(testContext(t), "survived", atedispatcher.RequestOptions{})
			return err == nil && summary.Answered == 1
		})
	}
}

func TestTheEndOfOneCallersContextAffectsNoOtherCaller(t *testing.T) {
	server := serve(t, heartbeatFlags...)
	proxy := newProxy(t, server.address)
	through := connect(t, proxy.address)
	listen(t, through, atedispatcher.ListenerOptions{})
	submitter := newSubmitter(t, through)
	if _, err := submitter.Dispatch(testContext(t), "impatient", atedispatcher.RequestOptions{}); err != nil {
		t.Fatal(err)
	}
	proxy.freeze()
	var group sync.WaitGroup
	for _, id := range []string{"", "impatient-1"} {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), heartbeat)
			defer cancel()
			_, err := submitter.Gather(ctx, "impatient", atedispatcher.RequestOptions{RequestID: id})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := submitter.Dispatch(testContext(t), "impatient", atedispatcher.RequestOptions{}); !errors.Is(err, atedispatcher.ErrHeartbeatLost) {
		t.Errorf("got %v", err)
	}
	group.Wait()
	eventually(t, "the next stream works", func() bool {
		_, err := submitter.Dispatch(testContext(t), "impatient", atedispatcher.RequestOptions{RequestID: "impatient-1"})
		return err == nil
	})
}
