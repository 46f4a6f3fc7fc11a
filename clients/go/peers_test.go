package atedispatcher_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// patience is far beyond what a loaded machine needs.
const patience = 20 * time.Second

// fastReconnect keeps the tests short.
var fastReconnect = atedispatcher.WithReconnect(atedispatcher.Reconnect{
	InitialDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond,
})

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func connect(t testing.TB, address string, options ...atedispatcher.Option) *atedispatcher.Client {
	t.Helper()
	client, err := atedispatcher.NewClient(address, append([]atedispatcher.Option{fastReconnect}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// ran is something that runs until the test ends or stop is called.
type ran struct {
	stop context.CancelFunc
	done chan struct{}
	err  error
}

func background(t testing.TB, run func(context.Context) error) *ran {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &ran{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = run(ctx)
	}()
	t.Cleanup(func() { _ = r.end(t) })
	return r
}

// end stops it and returns what it returned.
func (r *ran) end(t testing.TB) error {
	t.Helper()
	r.stop()
	return r.wait(t)
}

func (r *ran) wait(t testing.TB) error {
	t.Helper()
	select {
	case <-r.done:
		return r.err
	case <-time.After(patience):
		t.Error("it does not end")
		return errTimeout
	}
}

func echo(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
	return atedispatcher.Value(map[string]any{"args": a.Args, "kwargs": a.Kwargs}), nil
}

// produce makes a live producer.
func produce(
	t testing.TB, client *atedispatcher.Client, topic string, handler atedispatcher.Handler,
	options atedispatcher.ProducerOptions,
) (*atedispatcher.Producer, *ran) {
	t.Helper()
	producer := client.NewProducer([]string{topic}, handler, options)
	r := background(t, producer.Run)
	if err := producer.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return producer, r
}

// hearing is a live listener and what it was told.
type hearing struct {
	*atedispatcher.Listener
	*ran
	mu        sync.Mutex
	changed   chan struct{}
	results   []*atedispatcher.Delivery
	summaries []*atedispatcher.Summary
	gaps      []atedispatcher.Gap
	statuses  []atedispatcher.Status
}

func listen(
	t testing.TB, client *atedispatcher.Client, options atedispatcher.ListenerOptions, topics ...string,
) *hearing {
	t.Helper()
	h := &hearing{changed: make(chan struct{})}
	onResult := options.OnResult
	options.OnResult = func(ctx context.Context, result *atedispatcher.Delivery) {
		if onResult != nil {
			onResult(ctx, result)
		}
		h.note(func() { h.results = append(h.results, result) })
	}
	options.OnSummary = func(summary *atedispatcher.Summary) {
		h.note(func() { h.summaries = append(h.summaries, summary) })
	}
	options.OnGap = func(gap atedispatcher.Gap) { h.note(func() { h.gaps = append(h.gaps, gap) }) }
	options.OnStatus = func(s atedispatcher.Status) { h.note(func() { h.statuses = append(h.statuses, s) }) }
	h.Listener = client.NewListener(topics, options)
	h.ran = background(t, h.Listener.Run)
	if err := h.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hearing) note(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	close(h.changed)
	h.changed = make(chan struct{})
}

// until waits until something holds for what was told.
func (h *hearing) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		h.mu.Lock()
		ok, changed := holds(), h.changed
		state := fmt.Sprintf("%d results, %d gaps, statuses %v", len(h.results), len(h.gaps), h.statuses)
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("not within %v: %s; there are %s", patience, what, state)
		}
	}
}

func (h *hearing) untilResults(t testing.TB, count int) []*atedispatcher.Delivery {
	t.Helper()
	h.until(t, fmt.Sprintf("%d results", count), func() bool { return len(h.results) >= count })
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*atedispatcher.Delivery(nil), h.results...)
}

// untilStatus waits for the nth status of a kind, from 1.
func (h *hearing) untilStatus(t testing.TB, kind atedispatcher.StatusKind, nth int) atedispatcher.Status {
	t.Helper()
	var found atedispatcher.Status
	h.until(t, fmt.Sprintf("%d times %s", nth, kind), func() bool {
		count := 0
		for _, s := range h.statuses {
			if s.Kind == kind {
				if count++; count == nth {
					found = s
					return true
				}
			}
		}
		return false
	})
	return found
}

func mustGather(
	t testing.TB, client *atedispatcher.Client, topic string, options atedispatcher.RequestOptions,
) ([]*atedispatcher.Delivery, *atedispatcher.Summary) {
	t.Helper()
	results, summary, err := client.GatherAll(testContext(t), topic, options)
	if err != nil {
		t.Fatal(err)
	}
	return results, summary
}

// eventually retries what may take a moment.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
	}
}
