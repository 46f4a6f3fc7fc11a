package atedispatcher_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// smallMessages is the lowest limit of a message that a server may have.
const smallMessages = 64 << 10

func smallServer(t *testing.T) *server {
	t.Helper()
	return serve(t, "--max-message-bytes", fmt.Sprint(smallMessages))
}

// longTopics returns topics that need a whole megabyte together.
func longTopics(prefix string, count, length int) []string {
	topics := make([]string, count)
	for i := range topics {
		topic := fmt.Sprintf("%s.%d.", prefix, i)
		topics[i] = topic + strings.Repeat("x", length-len(topic))
	}
	return topics
}

func TestPeersWithMoreTopicsThanOneMessageHoldsComeBack(t *testing.T) {
	server := smallServer(t)
	proxy := newProxy(t, server.address)
	direct, through := connect(t, server.address), connect(t, proxy.address)
	topics := longTopics("many", 9_700, 107)
	last := topics[len(topics)-1]
	producer := through.NewProducer(topics, echo, atedispatcher.ProducerOptions{ID: "of-many"})
	background(t, producer.Run)
	h := listen(t, through, atedispatcher.ListenerOptions{}, topics...)
	lives := 0
	for cut := range 3 {
		lives++
		if err := producer.Ready(testContext(t)); err != nil {
			t.Fatal(err)
		}
		h.untilStatus(t, atedispatcher.StatusReady, lives)
		ask(t, direct, last, 1+2*cut, 1)
		ask(t, direct, topics[0], 2+2*cut, 1)
		h.untilResults(t, 2+2*cut)
		proxy.cut()
		h.untilStatus(t, atedispatcher.StatusDisconnected, lives)
	}
	h.untilStatus(t, atedispatcher.StatusReady, lives+1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.gaps) > 0 {
		t.Errorf("gaps %v", h.gaps)
	}
}

func TestAWildcardListenerResumesEveryTopic(t *testing.T) {
	server := smallServer(t)
	proxy := newProxy(t, server.address)
	direct := connect(t, server.address)
	topics := longTopics("wildly", 1_000, 107)
	produce(t, direct, "wildly.>", echo, atedispatcher.ProducerOptions{})
	h := listen(t, connect(t, proxy.address), atedispatcher.ListenerOptions{}, "wildly.>")
	submitter := direct.NewSubmitter()
	defer submitter.Close()
	askAll := func(from int) {
		for i, topic := range topics {
			if _, err := submitter.Dispatch(testContext(t), topic, atedispatcher.RequestOptions{Args: []any{from + i}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	askAll(0)
	h.untilResults(t, len(topics))
	proxy.cut()
	askAll(len(topics))
	h.untilResults(t, 2*len(topics))
	seen := map[int]bool{}
	for _, n := range numbers(t, h.results) {
		if seen[n] {
			t.Errorf("%d arrived twice", n)
		}
		seen[n] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.gaps) > 0 || len(seen) != 2*len(topics) {
		t.Errorf("gaps %v, %d results", h.gaps, len(seen))
	}
}

func TestTopicChangesOfAnySizeAreSplit(t *testing.T) {
	server := smallServer(t)
	client := connect(t, server.address)
	topics := longTopics("grown", 5_000, 210)
	h := listen(t, client, atedispatcher.ListenerOptions{}, "grown.first")
	produce(t, client, "grown.>", echo, atedispatcher.ProducerOptions{})
	if err := h.Add(testContext(t), topics...); err != nil {
		t.Fatal(err)
	}
	ask(t, client, topics[0], 1, 1)
	ask(t, client, topics[4_999], 2, 1)
	h.untilResults(t, 2)
	if err := h.Remove(testContext(t), topics[1:]...); err != nil {
		t.Fatal(err)
	}
	acceptance, err := client.Validate(testContext(t), topics[4_999], atedispatcher.RequestOptions{})
	if err != nil || acceptance.ListenerCount != 0 {
		t.Errorf("got %+v, %v", acceptance, err)
	}
	// The server admits 10,000 topics. A change that exceeds them in its last part changes nothing.
	if err := h.Add(testContext(t), longTopics("beyond", 10_000, 210)...); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
	acceptance, err = client.Validate(testContext(t), longTopics("beyond", 1, 210)[0], atedispatcher.RequestOptions{})
	if err != nil || acceptance.ListenerCount != 0 {
		t.Errorf("got %+v, %v", acceptance, err)
	}
}

func TestALargeRequestOfASubmitterAffectsNoOther(t *testing.T) {
	server := smallServer(t)
	client := connect(t, server.address)
	submitter := client.NewSubmitter()
	defer submitter.Close()
	release := make(chan struct{})
	produce(t, client, "sized", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		<-release
		return echo(ctx, a)
	}, atedispatcher.ProducerOptions{})
	running, err := submitter.Gather(testContext(t), "sized", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	tooLarge := atedispatcher.RequestOptions{Data: make([]byte, 2*smallMessages)}
	if _, err := submitter.Dispatch(testContext(t), "sized", tooLarge); !errors.Is(err, atedispatcher.ErrResourceExhausted) {
		t.Errorf("got %v", err)
	}
	if _, err := submitter.Gather(testContext(t), "sized", tooLarge); !errors.Is(err, atedispatcher.ErrResourceExhausted) {
		t.Errorf("got %v", err)
	}
	close(release)
	if summary, err := running.Summary(); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

func TestALargeRequestOfASubmitterBehavesLikeASmallOne(t *testing.T) {
	client := shared(t)
	produce(t, client, "sizes", echo, atedispatcher.ProducerOptions{})
	submitter := client.NewSubmitter()
	large := atedispatcher.RequestOptions{Args: []any{strings.Repeat("x", 2*smallMessages)}}
	// On a submitter, the context's deadline is not the TTL.
	ctx := testContext(t)
	results, summary, err := submitter.GatherAll(ctx, "sizes", large)
	if err != nil || summary.Answered != 1 || len(results) != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	acceptance, err := submitter.Dispatch(ctx, "sizes", large)
	if err != nil || acceptance.TTL != 5*time.Second {
		t.Errorf("got %+v, %v", acceptance, err)
	}
	large.NoProducers = atedispatcher.NoProducersWait
	gather, err := submitter.Gather(ctx, "sizes.nobody", large)
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	submitter.Close()
	if _, err := gather.Summary(); !isClosed(err) {
		t.Errorf("got %v", err)
	}
	if _, err := submitter.Dispatch(ctx, "sizes", large); !isClosed(err) {
		t.Errorf("got %v", err)
	}
}

func TestBatchesStayBelowTheLimitOfEveryServer(t *testing.T) {
	server := smallServer(t)
	client := connect(t, server.address)
	started, release := make(chan struct{}, 200), make(chan struct{})
	payload := strings.Repeat("x", 20_000)
	produce(t, client, "batched", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		started <- struct{}{}
		<-release
		return atedispatcher.Value(payload), nil
	}, atedispatcher.ProducerOptions{Concurrency: 200})
	submitter := client.NewSubmitter()
	defer submitter.Close()
	answered := make(chan error, 200)
	for range 200 {
		go func() {
			_, summary, err := submitter.GatherAll(testContext(t), "batched", atedispatcher.RequestOptions{Args: []any{payload}, TTL: testTimeout})
			if err == nil && summary.Answered != 1 {
				err = fmt.Errorf("got %+v", summary.Outcomes)
			}
			answered <- err
		}()
	}
	for range 200 {
		<-started
	}
	close(release)
	for range 200 {
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnItemThatCanNeverFitIsItsOwnError(t *testing.T) {
	server := smallServer(t)
	client := connect(t, server.address)
	huge := strings.Repeat("x", 2*smallMessages)
	isInvalid := func(err error) bool { return status.Code(err) == codes.InvalidArgument }
	producer, _ := produce(t, client, "fitting", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Result{}, a.Send(ctx, atedispatcher.Value(huge))
	}, atedispatcher.ProducerOptions{})
	h := listen(t, client, atedispatcher.ListenerOptions{}, "fitting")
	for name, call := range map[string]func(context.Context) error{
		"Register":         func(ctx context.Context) error { return producer.Register(ctx, huge, "") },
		"a group":          func(ctx context.Context) error { return producer.Register(ctx, "fitting", huge) },
		"Deregister":       func(ctx context.Context) error { return producer.Deregister(ctx, huge) },
		"Add":              func(ctx context.Context) error { return h.Add(ctx, huge) },
		"Remove":           func(ctx context.Context) error { return h.Remove(ctx, huge) },
		"a topic":          client.NewProducer([]string{huge}, echo, atedispatcher.ProducerOptions{}).Run,
		"a label":          client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{Labels: map[string]string{"a": huge}}).Run,
		"a display name":   client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{DisplayName: huge}).Run,
		"a producer id":    client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{ID: huge}).Run,
		"a listener id":    client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{ID: huge}).Run,
		"a listener group": client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{Group: huge}).Run,
		"a listener topic": client.NewListener([]string{huge}, atedispatcher.ListenerOptions{}).Run,
	} {
		atOnce(t, name, isInvalid, call)
	}
	results, summary := mustGather(t, client, "fitting", atedispatcher.RequestOptions{})
	failure, ok := errors.AsType[*atedispatcher.Error](results[0].Err())
	if !ok || failure.Reason != "RESULT_TOO_LARGE" || summary.Failed != 1 {
		t.Errorf("got %v", results[0].Err())
	}
	h.untilResults(t, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.statuses) != 1 {
		t.Errorf("statuses %v", h.statuses)
	}
}
