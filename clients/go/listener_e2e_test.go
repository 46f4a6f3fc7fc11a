package atedispatcher_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// ask performs n gathers on a topic, numbered upwards from a first number, and fails if one has no answer.
func ask(t testing.TB, client *atedispatcher.Client, topic string, from, n int) {
	t.Helper()
	for i := range n {
		_, summary := mustGather(t, client, topic, atedispatcher.RequestOptions{Args: []any{from + i}})
		if summary.Answered == 0 {
			t.Fatalf("no producer answered: %+v", summary)
		}
	}
}

// numbers returns the numbers that ask sent, from the results of echo.
func numbers(t testing.TB, results []*atedispatcher.Delivery) []int {
	t.Helper()
	var all []int
	for _, result := range results {
		var value struct{ Args []int }
		if err := result.Decode(&value); err != nil {
			t.Fatal(err)
		}
		all = append(all, value.Args[0])
	}
	return all
}

func count(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

func TestAListenerReceivesResultsInOrderAndSummaries(t *testing.T) {
	client := shared(t)
	produce(t, client, "heard", echo, atedispatcher.ProducerOptions{ID: "heard-1"})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "heard")
	ask(t, client, "heard", 1, 5)
	h.until(t, "five summaries", func() bool { return len(h.summaries) == 5 })
	results := h.untilResults(t, 5)
	if got := numbers(t, results); !slices.Equal(got, count(1, 5)) {
		t.Errorf("got %v", got)
	}
	for i, result := range results {
		if result.Sequence != uint64(i+1) || result.Topic != "heard" || result.ProducerID != "heard-1" || result.ReceiveTime.IsZero() {
			t.Errorf("got %+v", result)
		}
	}
}

func TestListenerTopicsChangeLive(t *testing.T) {
	client := shared(t)
	ctx := testContext(t)
	produce(t, client, "changing.>", echo, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "changing.one")
	if err := h.Add(ctx, "changing.two", "changing.*.deep"); err != nil {
		t.Fatal(err)
	}
	ask(t, client, "changing.two", 1, 1)
	ask(t, client, "changing.x.deep", 2, 1)
	h.untilResults(t, 2)
	if err := h.Remove(ctx, "changing.two"); err != nil {
		t.Fatal(err)
	}
	ask(t, client, "changing.two", 3, 1)
	ask(t, client, "changing.one", 4, 1)
	if got := numbers(t, h.untilResults(t, 3)); !slices.Equal(got, []int{1, 2, 4}) {
		t.Errorf("got %v", got)
	}
	if err := h.Add(ctx, "a..b"); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
	// Any program may change the topics by the listener's id.
	topics, err := client.UpdateListener(ctx, h.Listener.ID(), []string{"changing.three"}, []string{"changing.one"})
	if err != nil || !slices.Equal(topics, []string{"changing.*.deep", "changing.three"}) {
		t.Errorf("got %v, %v", topics, err)
	}
}

func TestACallbackMayChangeTopics(t *testing.T) {
	client := shared(t)
	produce(t, client, "inside.>", echo, atedispatcher.ProducerOptions{})
	var listener *atedispatcher.Listener
	added := make(chan error, 1)
	h := &recordingListener{}
	h = listen(t, client, atedispatcher.ListenerOptions{OnResult: func(ctx context.Context, result *atedispatcher.Delivery) {
		if result.Topic == "inside.one" {
			added <- listener.Add(ctx, "inside.two")
		}
	}}, "inside.one")
	listener = h.Listener
	ask(t, client, "inside.one", 1, 1)
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	ask(t, client, "inside.two", 2, 1)
	h.untilResults(t, 2)
}

func TestALoopResumesAfterThePreviousLoop(t *testing.T) {
	client := shared(t)
	produce(t, client, "resumed", echo, atedispatcher.ProducerOptions{})
	listener := client.NewListener([]string{"resumed"}, atedispatcher.ListenerOptions{
		OnGap: func(gap atedispatcher.Gap) { t.Errorf("lost %+v", gap) },
	})
	ctx := testContext(t)
	go func() {
		if listener.Ready(ctx) == nil {
			ask(t, client, "resumed", 1, 6)
		}
	}()
	var got []*atedispatcher.Delivery
	for len(got) < 6 {
		for result, err := range listener.Results(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, result); len(got)%2 == 0 {
				break
			}
		}
	}
	if all := numbers(t, got); !slices.Equal(all, count(1, 6)) {
		t.Errorf("got %v", all)
	}
}

func TestTheEndOfTheContextEndsTheLoopWithoutAnError(t *testing.T) {
	client := shared(t)
	ctx, cancel := context.WithCancel(t.Context())
	listener := client.NewListener([]string{"quiet"}, atedispatcher.ListenerOptions{})
	go func() {
		_ = listener.Ready(ctx)
		cancel()
	}()
	for result, err := range listener.Results(ctx) {
		t.Errorf("got %v, %v", result, err)
	}
	if err := listener.Run(ctx); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestARejectedListenerFails(t *testing.T) {
	client := shared(t)
	for _, listener := range []*atedispatcher.Listener{
		client.NewListener([]string{"no topic"}, atedispatcher.ListenerOptions{}),
		client.NewListener(nil, atedispatcher.ListenerOptions{ID: "no id"}),
		client.NewListener(nil, atedispatcher.ListenerOptions{BufferBytes: 1}),
	} {
		count := 0
		for _, err := range listener.Results(testContext(t)) {
			if count++; !errors.Is(err, atedispatcher.ErrInvalidArgument) {
				t.Errorf("got %v", err)
			}
		}
		if err := listener.Ready(t.Context()); count != 1 || !errors.Is(err, atedispatcher.ErrInvalidArgument) {
			t.Errorf("got %d, %v", count, err)
		}
	}
	running := listen(t, client, atedispatcher.ListenerOptions{})
	if err := running.Listener.Run(t.Context()); err == nil {
		t.Error("Run does not fail while another Run is in progress")
	}
}

func TestResultsForASlowListenerStayAtTheServerAndLossesAreReported(t *testing.T) {
	client := shared(t)
	const size, total = 64 << 10, 200
	produce(t, client, "flood", func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Data(bytes.Repeat([]byte{1}, size), ""), nil
	}, atedispatcher.ProducerOptions{})
	proceed := make(chan struct{})
	h := listen(t, client, atedispatcher.ListenerOptions{
		BufferBytes: 1 << 20,
		OnResult:    func(context.Context, *atedispatcher.Delivery) { <-proceed },
	}, "flood")
	for range total {
		mustGather(t, client, "flood", atedispatcher.RequestOptions{})
	}
	close(proceed)
	lost := func() (lost int) {
		for _, gap := range h.gaps {
			if gap.Reason != atedispatcher.GapSlowListener || gap.To-gap.From+1 != gap.LostCount {
				t.Errorf("got %+v", gap)
			}
			lost += int(gap.LostCount)
		}
		return lost
	}
	h.until(t, "every result is delivered or reported as lost", func() bool { return len(h.results)+lost() == total })
	// Flow-control windows and the server's buffer hold about 2 MiB. A larger count means that the client reads ahead.
	if buffered := len(h.results); buffered > 6<<20/size {
		t.Errorf("%d results of %d were buffered", buffered, total)
	}
	next := uint64(1)
	for _, result := range h.results {
		if result.Sequence < next {
			t.Errorf("%d came after %d", result.Sequence, next-1)
		}
		next = result.Sequence + 1
	}
}

func TestAListenerWithDisconnectResumesWithoutLoss(t *testing.T) {
	client := shared(t)
	const size, total = 64 << 10, 100
	produce(t, client, "retained-flood", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Data(bytes.Repeat([]byte{1}, size), ""), nil
	}, atedispatcher.ProducerOptions{})
	proceed := make(chan struct{})
	h := listen(t, client, atedispatcher.ListenerOptions{
		BufferBytes: 1 << 20,
		Disconnect:  true,
		OnResult:    func(context.Context, *atedispatcher.Delivery) { <-proceed },
	}, "retained-flood")
	for range total {
		mustGather(t, client, "retained-flood", atedispatcher.RequestOptions{})
	}
	close(proceed)
	results := h.untilResults(t, total)
	for i, result := range results {
		if result.Sequence != uint64(i+1) {
			t.Fatalf("result %d has sequence %d", i+1, result.Sequence)
		}
	}
	lost := h.untilStatus(t, atedispatcher.StatusDisconnected, 1)
	if lost.Err.Reason != "SLOW_LISTENER" {
		t.Errorf("got %v", lost.Err)
	}
}

func TestAGroupSharesTheResults(t *testing.T) {
	client := shared(t)
	produce(t, client, "grouped", echo, atedispatcher.ProducerOptions{})
	a := listen(t, client, atedispatcher.ListenerOptions{Group: "g"}, "grouped")
	b := listen(t, client, atedispatcher.ListenerOptions{Group: "g"}, "grouped")
	ask(t, client, "grouped", 1, 10)
	deadline := time.Now().Add(testTimeout)
	for {
		a.mu.Lock()
		b.mu.Lock()
		all := append(numbers(t, a.results), numbers(t, b.results)...)
		b.mu.Unlock()
		a.mu.Unlock()
		slices.Sort(all)
		if slices.Equal(all, count(1, 10)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v", all)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
