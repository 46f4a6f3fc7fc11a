package atedispatcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

type handlerFunc = atedispatcher.Handler

// untilRevoked returns a handler that waits for the end of its context and reports the cause.
func untilRevoked(started chan<- string, causes chan<- error) handlerFunc {
	return func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		started <- a.RequestID
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return atedispatcher.Result{}, context.Cause(ctx)
	}
}

func TestAHandlersErrorIsAResultAndTheProducerContinues(t *testing.T) {
	client := shared(t)
	failures := map[string]error{
		"plain":   errors.New("out of stock"),
		"grpc":    status.Error(codes.FailedPrecondition, "out of stock"),
		"own":     &atedispatcher.Error{Code: codes.NotFound, Reason: "NO_SUCH_SKU", Message: "out of stock", Metadata: map[string]string{"sku": "7"}},
		"wrapped": fmt.Errorf("asking: %w", &atedispatcher.Error{Code: codes.NotFound, Reason: "NO_SUCH_SKU", Message: "out of stock"}),
		"context": context.DeadlineExceeded,
	}
	produce(t, client, "failing", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Result{}, failures[a.Args[0].(string)]
	}, atedispatcher.ProducerOptions{})

	for name, want := range map[string]struct {
		code   codes.Code
		reason string
		text   string
	}{
		"plain":   {codes.Unknown, "PRODUCER_ERROR", "out of stock"},
		"grpc":    {codes.FailedPrecondition, "PRODUCER_ERROR", "out of stock"},
		"own":     {codes.NotFound, "NO_SUCH_SKU", "out of stock"},
		"wrapped": {codes.NotFound, "NO_SUCH_SKU", "asking: NO_SUCH_SKU: out of stock"},
		"context": {codes.DeadlineExceeded, "PRODUCER_ERROR", "context deadline exceeded"},
	} {
		results, summary := mustGather(t, client, "failing", atedispatcher.RequestOptions{Args: []any{name}})
		err := results[0].Err()
		failure, ok := errors.AsType[*atedispatcher.Error](err)
		if !ok || !errors.Is(err, atedispatcher.ErrProducerFailed) {
			t.Fatalf("%s: got %v", name, err)
		}
		if failure.Code != want.code || failure.Reason != want.reason || failure.Message != want.text {
			t.Errorf("%s: got %v, %s, %q", name, failure.Code, failure.Reason, failure.Message)
		}
		if summary.Failed != 1 || summary.Outcomes[0].Err.Code != want.code {
			t.Errorf("%s: got %+v", name, summary)
		}
	}
}

func TestAPanicAndAGoexitAreErrorResults(t *testing.T) {
	client := shared(t)
	var mu sync.Mutex
	var faults []string
	produce(t, client, "panicking", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		switch a.Args[0] {
		case "panic":
			panic("boom")
		case "exit":
			runtime.Goexit()
		}
		return atedispatcher.Value(func() {}), nil
	}, atedispatcher.ProducerOptions{OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusFault {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, s.Err.Message)
		}
	}})
	for arg, reason := range map[string]string{
		"panic": "HANDLER_PANICKED", "exit": "HANDLER_EXITED", "unserializable": "UNSERIALIZABLE_RESULT",
	} {
		results, _ := mustGather(t, client, "panicking", atedispatcher.RequestOptions{Args: []any{arg}})
		failure, ok := errors.AsType[*atedispatcher.Error](results[0].Err())
		if !ok || failure.Reason != reason || failure.Code != codes.Internal {
			t.Errorf("%s: got %v", arg, results[0].Err())
		}
		if strings.Contains(failure.Message, "goroutine 1") {
			t.Errorf("the stack was sent: %s", failure.Message)
		}
	}
	eventually(t, "the panic is reported", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(faults) > 0
	})
	mu.Lock()
	defer mu.Unlock()
	if len(faults) != 1 || !strings.Contains(faults[0], "boom") || !strings.Contains(faults[0], "producer_e2e_test.go") {
		t.Errorf("reported faults: %q", faults)
	}
}

func TestRevocationReachesTheHandlerWithItsCause(t *testing.T) {
	client := shared(t)
	started, causes := make(chan string, 10), make(chan error, 10)
	produce(t, client, "revoked", untilRevoked(started, causes), atedispatcher.ProducerOptions{})
	ctx := testContext(t)
	dispatch := func(options atedispatcher.RequestOptions) {
		t.Helper()
		if _, err := client.Dispatch(ctx, "revoked", options); err != nil {
			t.Fatal(err)
		}
	}

	dispatch(atedispatcher.RequestOptions{TTL: 50 * time.Millisecond})
	<-started
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrExpired) || !errors.Is(cause, context.DeadlineExceeded) {
		t.Errorf("expired: got %v", cause)
	}

	dispatch(atedispatcher.RequestOptions{TTL: time.Minute})
	if _, err := client.CancelRequest(ctx, <-started); err != nil {
		t.Fatal(err)
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrRequested) || !errors.Is(cause, context.Canceled) {
		t.Errorf("cancelled: got %v", cause)
	}

	quick, _ := produce(t, client, "revoked", echo, atedispatcher.ProducerOptions{})
	dispatch(atedispatcher.RequestOptions{TTL: time.Minute, Completion: atedispatcher.Completion{ResultCount: 1}})
	<-started
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrCompleted) {
		t.Errorf("completed: got %v", cause)
	}
	if err := quick.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestTheHandlersDeadlineIsTheRemainingTTL(t *testing.T) {
	client := shared(t)
	produce(t, client, "deadline", func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
		deadline, ok := ctx.Deadline()
		return atedispatcher.Value(map[string]any{"ok": ok, "left": time.Until(deadline).Seconds()}), nil
	}, atedispatcher.ProducerOptions{})
	results, _ := mustGather(t, client, "deadline", atedispatcher.RequestOptions{TTL: 10 * time.Second})
	var got struct {
		OK   bool
		Left float64
	}
	if err := results[0].Decode(&got); err != nil || !got.OK || got.Left > 10 || got.Left < 8 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPartialResultsComeBeforeTheFinalOne(t *testing.T) {
	client := shared(t)
	produce(t, client, "partial", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		for i := range 3 {
			if err := a.Send(ctx, atedispatcher.Value(i)); err != nil {
				return atedispatcher.Result{}, err
			}
		}
		err := a.Send(ctx, atedispatcher.Value(map[string]any{"x": []any{1, make(chan int)}}))
		return atedispatcher.Value(err.Error()), nil
	}, atedispatcher.ProducerOptions{})
	results, summary := mustGather(t, client, "partial", atedispatcher.RequestOptions{})
	var got []any
	for _, result := range results {
		value, err := result.Value()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, value, result.More)
	}
	want := "[0 true 1 true 2 true UNSERIALIZABLE_VALUE: result.x[1] is a chan int, which JSON cannot represent false]"
	if fmt.Sprint(got) != want || summary.Outcomes[0].ResultCount != 4 {
		t.Errorf("got %v, %+v", got, summary)
	}
}

func TestATooLargeResultIsAnErrorResult(t *testing.T) {
	client := shared(t)
	produce(t, client, "large", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		large := atedispatcher.Data(bytes.Repeat([]byte{1}, 2<<20), "")
		if err := a.Send(ctx, large); !errors.Is(err, atedispatcher.ErrResultTooLarge) {
			return atedispatcher.Result{}, fmt.Errorf("got %v", err)
		}
		return large, nil
	}, atedispatcher.ProducerOptions{})
	results, _ := mustGather(t, client, "large", atedispatcher.RequestOptions{})
	failure, ok := errors.AsType[*atedispatcher.Error](results[0].Err())
	if len(results) != 1 || !ok || failure.Reason != "RESULT_TOO_LARGE" {
		t.Errorf("got %d results, %v", len(results), results[0].Err())
	}
}

func TestHandlersNeverExceedTheConcurrencyEvenIfTheyIgnoreRevocation(t *testing.T) {
	client := shared(t)
	release := make(chan struct{})
	var running, maxRunning atomic.Int32
	finished := make(chan string, 10)
	produce(t, client, "stubborn", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		maxRunning.Store(max(maxRunning.Load(), running.Add(1)))
		defer running.Add(-1)
		<-release
		finished <- a.Args[0].(string)
		return atedispatcher.Value(1), nil
	}, atedispatcher.ProducerOptions{Concurrency: 1})

	for _, name := range []string{"stuck", "expired while it waited"} {
		_, summary := mustGather(t, client, "stubborn", atedispatcher.RequestOptions{
			Args: []any{name}, TTL: 50 * time.Millisecond,
		})
		if summary.Reason != atedispatcher.ReasonExpired {
			t.Fatalf("got %+v", summary)
		}
	}
	done := make(chan error, 1)
	go func() {
		_, summary, err := client.GatherAll(context.Background(), "stubborn", atedispatcher.RequestOptions{Args: []any{"next"}})
		if err == nil && summary.Answered != 1 {
			err = fmt.Errorf("got %+v", summary)
		}
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if first, second := <-finished, <-finished; first != "stuck" || second != "next" || maxRunning.Load() != 1 {
		t.Errorf("ran %s, %s; at maxRunning %d at a time", first, second, maxRunning.Load())
	}
}
