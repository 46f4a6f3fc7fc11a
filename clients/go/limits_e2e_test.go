package atedispatcher_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// lost returns an OnStatus, and a channel with the reason and delay of each lost session.
func lost() (func(atedispatcher.Status), <-chan atedispatcher.Status) {
	losses := make(chan atedispatcher.Status, 100)
	return func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusDisconnected {
			losses <- s
		}
	}, losses
}

// expectLoss waits for the first loss, and checks its reason and the delay that the server asks for.
func expectLoss(t *testing.T, losses <-chan atedispatcher.Status, reason string, delay time.Duration) {
	t.Helper()
	select {
	case loss := <-losses:
		if loss.Err.Reason != reason || loss.RetryIn != delay || !loss.Err.Retryable() {
			t.Errorf("lost by %v, reconnects in %v; want %s and %v", loss.Err, loss.RetryIn, reason, delay)
		}
	case <-time.After(testTimeout):
		t.Fatal("no session was lost")
	}
}

func TestAProducerThatCausesTooManyFaultsWaitsBeforeItReconnects(t *testing.T) {
	server := serve(t, "--max-registrations-per-session", "1")
	onStatus, losses := lost()
	producer, run := produce(t, connect(t, server.address), "faulty", echo, atedispatcher.ProducerOptions{OnStatus: onStatus})
	// The server forgives 100 faults a second, so a slow machine needs more than 1,000.
	const attempts = 3_000
	refused := make(chan error, attempts)
	for i := range attempts {
		go func() { refused <- producer.Register(testContext(t), fmt.Sprintf("faulty.%d", i), "") }()
	}
	expectLoss(t, losses, "FAULT_LIMIT", 10*time.Second)
	if err := run.end(t); err != nil {
		t.Error(err)
	}
	faults := 0
	for range attempts {
		if failure, ok := errors.AsType[*atedispatcher.Error](<-refused); ok && failure.Reason == "REGISTRATION_LIMIT" {
			faults++
		}
	}
	if faults < 1_000 {
		t.Errorf("%d registrations were answered with a Fault", faults)
	}
}

func TestPeersBeyondTheBudgetOfBytesWaitAndAreLiveWhenThereIsRoom(t *testing.T) {
	server := serve(t, "--max-held-bytes", "1000000", "--peer-share", "0")
	client := connect(t, server.address)
	held := atedispatcher.RequestOptions{
		Data: make([]byte, 980_000), NoProducers: atedispatcher.NoProducersWait, TTL: time.Minute,
	}
	acceptance, err := client.Dispatch(testContext(t), "nobody", held)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Dispatch(testContext(t), "nobody", held)
	if failure, ok := errors.AsType[*atedispatcher.Error](err); !ok || failure.Reason != "HELD_BYTES_LIMIT" || failure.RetryDelay != time.Second {
		t.Errorf("got %v", err)
	}
	onStatus, losses := lost()
	producer := client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{OnStatus: onStatus})
	background(t, producer.Run)
	expectLoss(t, losses, "HELD_BYTES_LIMIT", time.Second)
	onStatus, losses = lost()
	listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{OnStatus: onStatus})
	background(t, listener.Run)
	expectLoss(t, losses, "HELD_BYTES_LIMIT", time.Second)
	if _, err := client.CancelRequest(testContext(t), acceptance.RequestID); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(producer.Ready(testContext(t)), listener.Ready(testContext(t))); err != nil {
		t.Error(err)
	}
}
