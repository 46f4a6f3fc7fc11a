package atedispatcher_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// heartbeat is short, so that a dead connection is detected soon.
const heartbeat = 100 * time.Millisecond

var heartbeatFlags = []string{"--heartbeat-ms", heartbeat.String()}

func TestABrokenConnectionLosesNothing(t *testing.T) {
	server := serve(t)
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	produce(t, direct, "cut.connection", echo, atedispatcher.ProducerOptions{})
	h := listen(t, connect(t, proxy.address), atedispatcher.ListenerOptions{}, "cut.connection")
	for i := range 5 {
		ask(t, direct, "cut.connection", 1+20*i, 10)
		proxy.cut()
		ask(t, direct, "cut.connection", 11+20*i, 10)
	}
	if got := numbers(t, h.untilResults(t, 100)); !slices.Equal(got, count(1, 100)) {
		t.Errorf("got %v", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.gaps) > 0 {
		t.Errorf("gaps: %v", h.gaps)
	}
}

func TestAListenerOnAPatternResumes(t *testing.T) {
	server := serve(t)
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	produce(t, direct, "wild.>", echo, atedispatcher.ProducerOptions{})
	ask(t, direct, "wild.older", 101, 5)
	h := listen(t, connect(t, proxy.address), atedispatcher.ListenerOptions{}, "wild.*")
	for _, topic := range []string{"wild.older", "wild.newer"} {
		from := len(h.untilResults(t, 0)) + 1
		ask(t, direct, topic, from, 10)
		h.untilResults(t, from+9)
		proxy.cut()
		ask(t, direct, topic, from+10, 10)
		h.untilResults(t, from+19)
	}
	if got := numbers(t, h.results); !slices.Equal(got, count(1, 40)) || len(h.gaps) > 0 {
		t.Errorf("got %v, gaps %v", got, h.gaps)
	}
}

func TestAHalfOpenConnectionIsDetectedAndLosesNothing(t *testing.T) {
	server := serve(t, heartbeatFlags...)
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	through := connect(t, proxy.address)
	h := listen(t, through, atedispatcher.ListenerOptions{}, "half.open")
	producer := through.NewProducer([]string{"half.open"}, echo, atedispatcher.ProducerOptions{ID: "behind-the-proxy"})
	background(t, producer.Run)
	if err := producer.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	ask(t, direct, "half.open", 1, 3)
	h.untilResults(t, 3)

	gather, err := through.Gather(testContext(t), "nobody", atedispatcher.RequestOptions{
		TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	proxy.freeze()
	frozen := time.Now()
	lost := h.untilStatus(t, atedispatcher.StatusDisconnected, 1)
	if noticed := time.Since(frozen); !errors.Is(lost.Err, atedispatcher.ErrHeartbeatLost) || noticed > 20*heartbeat {
		t.Errorf("after %v: %v", noticed, lost.Err)
	}
	if _, err := gather.Summary(); !errors.Is(err, atedispatcher.ErrHeartbeatLost) || !errors.Is(err, atedispatcher.ErrUnavailable) {
		t.Errorf("the gather ended with %v", err)
	}
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	// The new session of the producer has replaced the half-open one, so no target is silent.
	eventually(t, "the producer answers again", func() bool {
		_, summary, err := direct.GatherAll(testContext(t), "half.open", atedispatcher.RequestOptions{
			Args: []any{4}, TTL: 200 * time.Millisecond,
		})
		return err == nil && summary.Answered == 1 && summary.Targeted == 1
	})
	ask(t, through, "half.open", 5, 3)
	h.until(t, "the last result", func() bool {
		all := numbers(t, h.results)
		return all[len(all)-1] == 7
	})
	if got := slices.Compact(numbers(t, h.results)); !slices.Equal(got, count(1, 7)) || len(h.gaps) > 0 {
		t.Errorf("got %v, gaps %v", got, h.gaps)
	}
}

func TestASlowConsumerDoesNotMakeTheConnectionLookDead(t *testing.T) {
	server := serve(t, heartbeatFlags...)
	client := connect(t, server.address)
	produce(t, client, "slow.consumer", echo, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{
		OnResult: func(context.Context, *atedispatcher.Delivery) { time.Sleep(5 * heartbeat) },
	}, "slow.consumer")
	ask(t, client, "slow.consumer", 1, 3)
	h.untilResults(t, 3)
	time.Sleep(5 * heartbeat)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.statuses) != 1 {
		t.Errorf("statuses: %v", h.statuses)
	}
}

func TestResultsThatAreNotRetainedAreReportedAsAGap(t *testing.T) {
	server := serve(t, "--retained-bytes", "0")
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	produce(t, direct, "forgotten", echo, atedispatcher.ProducerOptions{})
	arrived, blocked := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h := listen(t, connect(t, proxy.address), atedispatcher.ListenerOptions{
		OnResult: func(context.Context, *atedispatcher.Delivery) {
			once.Do(func() {
				close(arrived)
				<-blocked
			})
		},
	}, "forgotten")
	ask(t, direct, "forgotten", 1, 1)
	<-arrived
	proxy.cut()
	ask(t, direct, "forgotten", 2, 3)
	close(blocked)
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	ask(t, direct, "forgotten", 5, 1)
	h.untilResults(t, 2)
	h.until(t, "a gap", func() bool { return len(h.gaps) == 1 })
	want := atedispatcher.Gap{Topic: "forgotten", Reason: atedispatcher.GapRetention, From: 2, To: 4, LostCount: 3}
	if h.gaps[0] != want || !slices.Equal(numbers(t, h.results), []int{1, 5}) {
		t.Errorf("got %+v, %v", h.gaps, numbers(t, h.results))
	}
}

func TestNoResultIsLostWhileConnectionsKeepBreaking(t *testing.T) {
	server := serve(t, heartbeatFlags...)
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	produce(t, direct, "storm", echo, atedispatcher.ProducerOptions{})
	h := listen(t, connect(t, proxy.address), atedispatcher.ListenerOptions{}, "storm")
	stop := make(chan struct{})
	var breaking sync.WaitGroup
	breaking.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
				if i%3 == 2 {
					proxy.freeze()
				} else {
					proxy.cut()
				}
			}
		}
	})
	const total = 1500
	for i := range total {
		_, summary := mustGather(t, direct, "storm", atedispatcher.RequestOptions{Args: []any{i + 1}})
		if summary.Answered != 1 {
			t.Fatalf("got %+v", summary)
		}
		time.Sleep(time.Millisecond)
	}
	close(stop)
	breaking.Wait()
	h.untilResults(t, total)
	if got := numbers(t, h.results); !slices.Equal(got, count(1, total)) || len(h.gaps) > 0 {
		t.Errorf("got %d results, gaps %v", len(got), h.gaps)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Log(fmt.Sprint(len(h.statuses)/2, " sessions"))
}
