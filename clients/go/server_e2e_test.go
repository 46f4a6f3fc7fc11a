package atedispatcher_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

func TestPeersResumeAfterTheServerIsKilledAndRestarted(t *testing.T) {
	server := serve(t)
	client := connect(t, server.address)
	started, causes := make(chan string, 1), make(chan error, 1)
	slow, _ := produce(t, client, "killed.slow", untilRevoked(started, causes), atedispatcher.ProducerOptions{})
	produce(t, client, "killed", echo, atedispatcher.ProducerOptions{ID: "survivor"})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "killed")
	ask(t, client, "killed", 1, 3)
	h.untilResults(t, 3)

	gather, err := client.Gather(testContext(t), "killed.slow", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	<-started
	server.kill()
	if _, err := gather.Summary(); !errors.Is(err, atedispatcher.ErrUnavailable) {
		t.Errorf("the gather ended with %v", err)
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrSessionLost) {
		t.Errorf("the handler's context ended with %v", cause)
	}
	if _, err := client.Dispatch(testContext(t), "killed", atedispatcher.RequestOptions{}); !errors.Is(err, atedispatcher.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	h.untilStatus(t, atedispatcher.StatusDisconnected, 3)

	server.restart(t)
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	if err := slow.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the producer is back", func() bool {
		acceptance, err := client.Validate(testContext(t), "killed", atedispatcher.RequestOptions{})
		return err == nil && len(acceptance.Targets) == 1 && acceptance.Targets[0].ProducerID == "survivor"
	})
	ask(t, client, "killed", 4, 3)
	if got := numbers(t, h.untilResults(t, 6)); !slices.Equal(got, count(1, 6)) {
		t.Errorf("got %v", got)
	}
	// The new server does not know the old sequences, and reports that as a gap.
	h.until(t, "a gap", func() bool { return len(h.gaps) == 1 })
	if h.gaps[0].Reason != atedispatcher.GapEpochChanged || h.gaps[0].Topic != "killed" {
		t.Errorf("got %+v", h.gaps)
	}
}

func TestADrainingServerFinishesOutstandingAssignments(t *testing.T) {
	server := serve(t)
	client := connect(t, server.address)
	started, release := make(chan struct{}), make(chan struct{})
	produce(t, client, "restarted", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		if len(a.Args) == 0 {
			close(started)
			<-release
		}
		return echo(ctx, a)
	}, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "restarted")
	gather, err := client.Gather(testContext(t), "restarted", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	<-started
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.terminate(t)
	}()
	if away := h.untilStatus(t, atedispatcher.StatusGoingAway, 1); away.Grace <= 0 {
		t.Errorf("got %+v", away)
	}
	if _, err := client.Dispatch(testContext(t), "restarted", atedispatcher.RequestOptions{}); !errors.Is(err, atedispatcher.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	close(release)
	if summary, err := gather.Summary(); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	<-ended
	server.restart(t)
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	eventually(t, "the producer is back", func() bool {
		acceptance, err := client.Validate(testContext(t), "restarted", atedispatcher.RequestOptions{})
		return err == nil && len(acceptance.Targets) == 1
	})
	ask(t, client, "restarted", 1, 1)
	h.untilResults(t, 2)
}

func TestTopicsChangeWithoutAServer(t *testing.T) {
	server := serve(t)
	client := connect(t, server.address)
	ctx := testContext(t)
	producer, _ := produce(t, client, "absent.one", echo, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "absent.one")
	server.kill()
	h.untilStatus(t, atedispatcher.StatusDisconnected, 1)
	registered := make(chan error, 2)
	go func() { registered <- producer.Register(ctx, "absent.two", "") }()
	go func() { registered <- producer.Deregister(ctx, "absent.one") }()
	if err := errors.Join(h.Add(ctx, "absent.two"), h.Remove(ctx, "absent.one")); err != nil {
		t.Fatal(err)
	}
	server.restart(t)
	if err := errors.Join(<-registered, <-registered, h.Ready(ctx)); err != nil {
		t.Fatal(err)
	}
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	ask(t, client, "absent.two", 1, 1)
	h.untilResults(t, 1)
	acceptance, err := client.Validate(ctx, "absent.one", atedispatcher.RequestOptions{})
	if err != nil || len(acceptance.Targets)+acceptance.ListenerCount != 0 {
		t.Errorf("got %+v, %v", acceptance, err)
	}
}

func TestNothingHangsWithoutAServer(t *testing.T) {
	client := connect(t, "127.0.0.1:1")
	producer := client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{})
	run := background(t, producer.Run)
	h := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{})
	listening := background(t, h.Run)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for _, err := range []error{
		producer.Ready(ctx), h.Ready(ctx), producer.Register(ctx, "u", ""), h.Add(ctx, "u"),
	} {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	if err := producer.Close(testContext(t)); err != nil {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(run.wait(t), listening.end(t)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestClosingTheClientEndsEverything(t *testing.T) {
	client := shared(t)
	started, causes := make(chan string, 1), make(chan error, 1)
	_, run := produce(t, client, "torn", untilRevoked(started, causes), atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "torn")
	if _, err := client.Dispatch(testContext(t), "torn", atedispatcher.RequestOptions{}); err != nil {
		t.Fatal(err)
	}
	<-started
	client.Close()
	for _, err := range []error{run.wait(t), h.wait(t)} {
		if !errors.Is(err, atedispatcher.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrClosed) {
		t.Errorf("the handler's context ended with %v", cause)
	}
}
