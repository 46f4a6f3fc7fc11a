package atedispatcher_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// limitedStreams makes a server admit few streams per connection, as a proxy may.
const limitedStreams = 4

func TestFurtherStreamsGetAFurtherConnection(t *testing.T) {
	server := serve(t, "--max-streams-per-connection", fmt.Sprint(limitedStreams))
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	h := listen(t, client, atedispatcher.ListenerOptions{}, "crowded")
	produce(t, client, "crowded", echo, atedispatcher.ProducerOptions{})
	// Each of these holds a stream until the test ends.
	var gathers []*atedispatcher.Gather
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	for range 5 * limitedStreams {
		gather, err := client.Gather(ctx, "crowded.later", atedispatcher.RequestOptions{
			TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
		})
		if err != nil {
			t.Fatalf("after %d gathers: %v", len(gathers), err)
		}
		defer gather.Close()
		gathers = append(gathers, gather)
	}
	for name, call := range map[string]func() error{
		"Dispatch": func() error {
			_, err := client.Dispatch(ctx, "crowded", atedispatcher.RequestOptions{Args: []any{1}})
			return err
		},
		"CancelRequest": func() error { return gathers[0].Cancel(ctx) },
		"Add":           func() error { return h.Add(ctx, "crowded.more") },
		"Submitter": func() error {
			submitter := client.NewSubmitter()
			defer submitter.Close()
			_, err := submitter.Dispatch(ctx, "crowded", atedispatcher.RequestOptions{Args: []any{2}})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if connections := proxy.count(); connections < 5 || connections > 8 {
		t.Errorf("there are %d connections", connections)
	}
	// What was open before is untouched: the gathers get their results, and the listener was never disconnected.
	produce(t, client, "crowded.later", echo, atedispatcher.ProducerOptions{})
	for _, gather := range gathers[1:] {
		if summary, err := gather.Summary(); err != nil || summary.Answered != 1 {
			t.Errorf("got %+v, %v", summary, err)
		}
	}
	h.untilResults(t, 2)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.statuses) != 1 || len(h.gaps) > 0 {
		t.Errorf("statuses %v, gaps %v", h.statuses, h.gaps)
	}
}

func TestManyCallsAtATimeShareFewConnections(t *testing.T) {
	server := serve(t, "--max-streams-per-connection", fmt.Sprint(limitedStreams))
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	produce(t, client, "burst", echo, atedispatcher.ProducerOptions{})
	const calls = 1000
	failures := make(chan error, calls)
	for range calls {
		go func() {
			_, err := client.Dispatch(testContext(t), "burst", atedispatcher.RequestOptions{TTL: testTimeout})
			failures <- err
		}()
	}
	for range calls {
		if err := <-failures; err != nil {
			t.Fatal(err)
		}
	}
	if connections := proxy.count(); connections > 64 {
		t.Errorf("there are %d connections", connections)
	}
}

func TestAStreamBeyondEveryLimitIsNotADeadConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 64 connections")
	}
	server := serve(t, "--max-streams-per-connection", "1")
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	ctx := testContext(t)
	open := func() (*atedispatcher.Gather, error) {
		return client.Gather(ctx, "nobody", atedispatcher.RequestOptions{
			TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
		})
	}
	var first *atedispatcher.Gather
	for i := range 64 {
		gather, err := open()
		if err != nil {
			t.Fatalf("after %d gathers: %v", i, err)
		}
		defer gather.Close()
		if first == nil {
			first = gather
		}
	}
	_, err := client.Dispatch(ctx, "nobody", atedispatcher.RequestOptions{TTL: 100 * time.Millisecond})
	if !errors.Is(err, atedispatcher.ErrResourceExhausted) {
		t.Errorf("got %v", err)
	}
	if failure, ok := errors.AsType[*atedispatcher.Error](err); !ok || failure.Reason != "STREAM_LIMIT" {
		t.Errorf("got %v", err)
	}
	// A stream that ends makes room.
	_ = first.Close()
	if _, err := client.Dispatch(ctx, "nobody", atedispatcher.RequestOptions{}); err != nil {
		t.Error(err)
	}
	if connections := proxy.count(); connections != 64 {
		t.Errorf("there are %d connections", connections)
	}
}

func TestIdleFurtherConnectionsAreClosed(t *testing.T) {
	server := serve(t, "--max-streams-per-connection", "1")
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	client.SetExtraIdleTime(10 * time.Millisecond)
	h := listen(t, client, atedispatcher.ListenerOptions{}, "idle")
	var gathers []*atedispatcher.Gather
	for range 5 {
		gather, err := client.Gather(testContext(t), "idle.nobody", atedispatcher.RequestOptions{
			TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
		})
		if err != nil {
			t.Fatal(err)
		}
		gathers = append(gathers, gather)
	}
	if proxy.open() != 6 {
		t.Errorf("there are %d connections", proxy.open())
	}
	for _, gather := range gathers {
		_ = gather.Close()
	}
	eventually(t, "one connection is left", func() bool { return proxy.open() == 1 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.statuses) != 1 {
		t.Errorf("statuses %v", h.statuses)
	}
}
