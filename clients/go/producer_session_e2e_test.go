package atedispatcher_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

func TestTopicsChangeLive(t *testing.T) {
	client := shared(t)
	ctx := testContext(t)
	producer, _ := produce(t, client, "live.one", echo, atedispatcher.ProducerOptions{})
	targets := func(topic string) int {
		t.Helper()
		acceptance, err := client.Validate(ctx, topic, atedispatcher.RequestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return len(acceptance.Targets)
	}
	if err := producer.Register(ctx, "live.two", ""); err != nil || targets("live.two") != 1 {
		t.Errorf("got %v", err)
	}
	if err := producer.Deregister(ctx, "live.one"); err != nil || targets("live.one") != 0 {
		t.Errorf("got %v", err)
	}
	if err := producer.Register(ctx, "no topic", ""); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
	if targets("live.two") != 1 {
		t.Error("a rejected topic ended the session")
	}
}

func TestConcurrencyChangesLive(t *testing.T) {
	client := shared(t)
	var running, maxRunning atomic.Int32
	producer, _ := produce(t, client, "wider", func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
		if now := running.Add(1); now > maxRunning.Load() {
			maxRunning.Store(now)
		}
		defer running.Add(-1)
		for maxRunning.Load() < 3 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		return atedispatcher.Result{}, nil
	}, atedispatcher.ProducerOptions{Concurrency: 1})
	ctx := testContext(t)
	for range 3 {
		if _, err := client.Dispatch(ctx, "wider", atedispatcher.RequestOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := producer.SetConcurrency(0); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
	if err := producer.SetConcurrency(3); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three handlers run at a time", func() bool { return maxRunning.Load() == 3 })
}

func TestCloseDrains(t *testing.T) {
	client := shared(t)
	started, release := make(chan struct{}), make(chan struct{})
	producer, run := produce(t, client, "drained", func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
		close(started)
		<-release
		return atedispatcher.Value("done"), ctx.Err()
	}, atedispatcher.ProducerOptions{})
	ctx := testContext(t)
	gather, err := client.Gather(ctx, "drained", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	<-started
	run.stop()
	eventually(t, "no new assignments are accepted", func() bool {
		acceptance, err := client.Validate(ctx, "drained", atedispatcher.RequestOptions{})
		return err == nil && len(acceptance.Targets) == 0
	})
	close(release)
	if err := run.wait(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
	summary, err := gather.Summary()
	if err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	if err := producer.Ready(ctx); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := producer.Register(ctx, "more", ""); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := producer.Run(ctx); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestADrainEndsWithTheContextOfClose(t *testing.T) {
	client := shared(t)
	started, causes := make(chan string, 1), make(chan error, 1)
	producer, run := produce(t, client, "cut", untilRevoked(started, causes), atedispatcher.ProducerOptions{})
	if _, err := client.Dispatch(testContext(t), "cut", atedispatcher.RequestOptions{TTL: time.Minute}); err != nil {
		t.Fatal(err)
	}
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := producer.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close returned %v", err)
	}
	if err := run.wait(t); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("Run returned %v", err)
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrClosed) {
		t.Errorf("the handler's context ended with %v", cause)
	}
}

func TestAClosedProducerDoesNotRun(t *testing.T) {
	client := shared(t)
	producer := client.NewProducer([]string{"never"}, echo, atedispatcher.ProducerOptions{})
	if err := producer.Register(t.Context(), "never.either", ""); err != nil {
		t.Error(err)
	}
	if err := producer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := producer.Run(t.Context()); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestANewerSessionReplacesAnOlderOne(t *testing.T) {
	client := shared(t)
	options := atedispatcher.ProducerOptions{ID: "the-one"}
	_, older := produce(t, client, "replaced", echo, options)
	produce(t, client, "replaced", echo, options)
	if err := older.wait(t); !errors.Is(err, atedispatcher.ErrSessionReplaced) {
		t.Errorf("got %v", err)
	}
}

func TestARejectedProducerFails(t *testing.T) {
	client := shared(t)
	for _, producer := range []*atedispatcher.Producer{
		client.NewProducer([]string{"no topic"}, echo, atedispatcher.ProducerOptions{}),
		client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{DisplayName: "\xff"}),
		client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{Concurrency: 1 << 30}),
	} {
		if err := producer.Run(testContext(t)); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
			t.Errorf("Run returned %v", err)
		}
		if err := producer.Ready(testContext(t)); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
			t.Errorf("Ready returned %v", err)
		}
	}
}

func TestDispositionsAndLateResults(t *testing.T) {
	client := shared(t)
	dispositions := make(chan atedispatcher.Disposition, 10)
	release, cancelled := make(chan struct{}), make(chan string, 1)
	produce(t, client, "late", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		if a.Args[0] == "late" {
			<-release
			if err := a.Send(context.WithoutCancel(ctx), atedispatcher.Value("a part")); err != nil {
				return atedispatcher.Result{}, err
			}
		}
		if a.Args[0] == "cancelled" {
			cancelled <- a.RequestID
			<-ctx.Done()
		}
		return atedispatcher.Value(a.Args[0]), nil
	}, atedispatcher.ProducerOptions{OnDisposition: func(_ string, state atedispatcher.Disposition) {
		dispositions <- state
	}})
	withLate := listen(t, client, atedispatcher.ListenerOptions{IncludeLate: true}, "late")
	withoutLate := listen(t, client, atedispatcher.ListenerOptions{}, "late")

	mustGather(t, client, "late", atedispatcher.RequestOptions{Args: []any{"in time"}})
	mustGather(t, client, "late", atedispatcher.RequestOptions{Args: []any{"late"}, TTL: 30 * time.Millisecond})
	close(release)
	late := withLate.untilResults(t, 3)[1:]
	for i, want := range []string{"a part", "late"} {
		if value, err := late[i].Value(); err != nil || value != want || !late[i].Late || late[i].Sequence != 0 {
			t.Errorf("got %v, %v, %+v", value, err, late[i])
		}
	}
	if _, err := client.Dispatch(testContext(t), "late", atedispatcher.RequestOptions{Args: []any{"cancelled"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CancelRequest(testContext(t), <-cancelled); err != nil {
		t.Fatal(err)
	}
	for i, want := range []atedispatcher.Disposition{
		atedispatcher.DispositionAccepted, atedispatcher.DispositionLate, atedispatcher.DispositionLate, atedispatcher.DispositionCancelled,
	} {
		if got := <-dispositions; got != want {
			t.Errorf("disposition %d: got %s, want %s", i, got, want)
		}
	}
	mustGather(t, client, "late", atedispatcher.RequestOptions{Args: []any{"in time"}})
	withoutLate.until(t, "two results in time", func() bool { return len(withoutLate.results) == 2 && !withoutLate.results[1].Late })
}
