package atedispatcher_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// testTimeout is far above the time that a loaded machine needs.
const testTimeout = 20 * time.Second

// fastReconnect keeps the tests short.
var fastReconnect = atedispatcher.WithReconnect(atedispatcher.Reconnect{
	InitialDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond,
})

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
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

// backgroundRun is a Run in the background, until the test ends or stop is called.
type backgroundRun struct {
	stop context.CancelFunc
	done chan struct{}
	err  error
}

func background(t testing.TB, run func(context.Context) error) *backgroundRun {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &backgroundRun{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = run(ctx)
	}()
	t.Cleanup(func() { _ = r.end(t) })
	return r
}

// end stops the run and returns its error.
func (r *backgroundRun) end(t testing.TB) error {
	t.Helper()
	r.stop()
	return r.wait(t)
}

// result waits for the end and returns the error.
func (r *backgroundRun) result() error {
	<-r.done
	return r.err
}

func (r *backgroundRun) wait(t testing.TB) error {
	t.Helper()
	select {
	case <-r.done:
		return r.err
	case <-time.After(testTimeout):
		t.Error("Run does not return")
		return errTimeout
	}
}

func echo(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
	return atedispatcher.Value(map[string]any{"args": a.Args, "kwargs": a.Kwargs}), nil
}

// produce starts a producer and waits until it is live.
func produce(
	t testing.TB, client *atedispatcher.Client, topic string, handler atedispatcher.Handler,
	options atedispatcher.ProducerOptions,
) (*atedispatcher.Producer, *backgroundRun) {
	t.Helper()
	producer := client.NewProducer([]string{topic}, handler, options)
	r := background(t, producer.Run)
	if err := producer.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return producer, r
}

// recordingListener is a live listener with a record of its callbacks.
type recordingListener struct {
	*atedispatcher.Listener
	*backgroundRun
	mu        sync.Mutex
	changed   chan struct{}
	results   []*atedispatcher.Delivery
	summaries []*atedispatcher.Summary
	gaps      []atedispatcher.Gap
	statuses  []atedispatcher.Status
}

func listen(
	t testing.TB, client *atedispatcher.Client, options atedispatcher.ListenerOptions, topics ...string,
) *recordingListener {
	t.Helper()
	h := &recordingListener{changed: make(chan struct{})}
	onResult := options.OnResult
	options.OnResult = func(ctx context.Context, result *atedispatcher.Delivery) {
		if onResult != nil {
			onResult(ctx, result)
		}
		h.record(func() { h.results = append(h.results, result) })
	}
	options.OnSummary = func(summary *atedispatcher.Summary) {
		h.record(func() { h.summaries = append(h.summaries, summary) })
	}
	options.OnGap = func(gap atedispatcher.Gap) { h.record(func() { h.gaps = append(h.gaps, gap) }) }
	options.OnStatus = func(s atedispatcher.Status) { h.record(func() { h.statuses = append(h.statuses, s) }) }
	h.Listener = client.NewListener(topics, options)
	h.backgroundRun = background(t, h.Listener.Run)
	if err := h.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *recordingListener) record(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	close(h.changed)
	h.changed = make(chan struct{})
}

// until waits until a condition holds for the record.
func (h *recordingListener) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(testTimeout)
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
			t.Fatalf("not within %v: %s; there are %s", testTimeout, what, state)
		}
	}
}

func (h *recordingListener) untilResults(t testing.TB, count int) []*atedispatcher.Delivery {
	t.Helper()
	h.until(t, fmt.Sprintf("%d results", count), func() bool { return len(h.results) >= count })
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*atedispatcher.Delivery(nil), h.results...)
}

// untilStatus waits for the nth status of a kind, counted from 1.
func (h *recordingListener) untilStatus(t testing.TB, kind atedispatcher.StatusKind, nth int) atedispatcher.Status {
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

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("timed out waiting until " + what)
		}
	}
}
