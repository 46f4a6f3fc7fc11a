package atedispatcher_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// muteServer accepts connections and never answers.
func muteServer(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// requestCalls are all calls that send a request.
func requestCalls(client *atedispatcher.Client, submitter *atedispatcher.Submitter) map[string]func(context.Context, atedispatcher.RequestOptions) error {
	return map[string]func(context.Context, atedispatcher.RequestOptions) error{
		"Dispatch": func(ctx context.Context, options atedispatcher.RequestOptions) error {
			_, err := client.Dispatch(ctx, "t", options)
			return err
		},
		"Validate": func(ctx context.Context, options atedispatcher.RequestOptions) error {
			_, err := client.Validate(ctx, "t", options)
			return err
		},
		"Gather": func(ctx context.Context, options atedispatcher.RequestOptions) error {
			_, _, err := client.GatherAll(ctx, "t", options)
			return err
		},
		"Dispatch of a submitter": func(ctx context.Context, options atedispatcher.RequestOptions) error {
			_, err := submitter.Dispatch(ctx, "t", options)
			return err
		},
		"Gather of a submitter": func(ctx context.Context, options atedispatcher.RequestOptions) error {
			_, _, err := submitter.GatherAll(ctx, "t", options)
			return err
		},
	}
}

// failures calls all at a time and returns their errors. The calls have contexts without an end.
func failures(t *testing.T, calls map[string]func(context.Context, atedispatcher.RequestOptions) error, options atedispatcher.RequestOptions) map[string]error {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	found := map[string]error{}
	for name, call := range calls {
		running.Go(func() {
			err := call(context.Background(), options)
			mu.Lock()
			defer mu.Unlock()
			found[name] = err
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		running.Wait()
	}()
	select {
	case <-done:
	case <-time.After(testTimeout / 2):
		t.Error("a call outlives its TTL")
		return nil
	}
	return found
}

func TestNoCallOutlivesItsTTLOnAMutePort(t *testing.T) {
	client := connect(t, muteServer(t))
	submitter := client.NewSubmitter()
	defer submitter.Close()
	calls := requestCalls(client, submitter)
	for _, options := range []atedispatcher.RequestOptions{{TTL: 300 * time.Millisecond}, {}} {
		for name, err := range failures(t, calls, options) {
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			if !ok || failure.Reason != "NOT_CONNECTED" || !errors.Is(err, atedispatcher.ErrUnavailable) {
				t.Errorf("%s with %v: got %v", name, options.TTL, err)
			}
		}
	}
}

func TestNoCallOutlivesItsTTLOnAConnectionThatStoppedAnswering(t *testing.T) {
	server := serve(t)
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	submitter := client.NewSubmitter()
	defer submitter.Close()
	if _, err := submitter.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.WaitForReady(testContext(t)); err != nil {
		t.Fatal(err)
	}
	proxy.freeze()
	for name, err := range failures(t, requestCalls(client, submitter), atedispatcher.RequestOptions{TTL: 300 * time.Millisecond}) {
		failure, ok := errors.AsType[*atedispatcher.Error](err)
		if !ok || failure.Reason != "NO_ANSWER" || !errors.Is(err, atedispatcher.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// The next call gets a connection that works.
	if _, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil {
		t.Error(err)
	}
}

func TestAGatherWhoseSummaryDoesNotArriveEndsSoonAfterItsTTL(t *testing.T) {
	server := serve(t)
	proxy := newProxy(t, server.address)
	client := connect(t, proxy.address)
	submitter := client.NewSubmitter()
	defer submitter.Close()
	wait := atedispatcher.RequestOptions{TTL: 500 * time.Millisecond, NoProducers: atedispatcher.NoProducersWait}
	own, err := client.Gather(context.Background(), "t", wait)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	submitted, err := submitter.Gather(context.Background(), "t", wait)
	if err != nil {
		t.Fatal(err)
	}
	defer submitted.Close()
	proxy.freeze()
	for name, gather := range map[string]*atedispatcher.Gather{"own": own, "submitted": submitted} {
		atOnce(t, name, func(err error) bool {
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			return ok && failure.Reason == "NO_ANSWER"
		}, func(context.Context) error {
			_, err := gather.Summary()
			return err
		})
	}
}

// A busy server takes up requests late, but each within its TTL from then on.
func TestTheTTLOfAGatherBeginsWithItsAcceptance(t *testing.T) {
	const ttl = time.Second
	acceptance := func(correlationID string) *dispatcherv1.GatherEvent {
		message := &dispatcherv1.Acceptance{CorrelationId: correlationID, RequestId: "r", Ttl: durationpb.New(ttl)}
		return &dispatcherv1.GatherEvent{Event: &dispatcherv1.GatherEvent_Acceptance{Acceptance: message}}
	}
	summary := &dispatcherv1.GatherEvent{Event: &dispatcherv1.GatherEvent_Summary{Summary: &dispatcherv1.Summary{RequestId: "r", AnsweredCount: 1}}}
	// Each pause is within the TTL and the reserve, and both together are not.
	pause := func() { time.Sleep(1400 * time.Millisecond) }
	client := connect(t, serveFake(t, &fake{
		gather: func(stream grpc.ServerStreamingServer[dispatcherv1.GatherResponse]) error {
			pause()
			if err := stream.Send(&dispatcherv1.GatherResponse{Events: []*dispatcherv1.GatherEvent{acceptance("")}}); err != nil {
				return err
			}
			pause()
			return stream.Send(&dispatcherv1.GatherResponse{Events: []*dispatcherv1.GatherEvent{summary}})
		},
		submit: func(_ int, stream grpc.BidiStreamingServer[dispatcherv1.SubmitRequest, dispatcherv1.SubmitResponse]) error {
			request, err := stream.Recv()
			if err != nil {
				return err
			}
			pause()
			accepted := acceptance(request.GetSubmissions()[0].GetCorrelationId())
			if err := stream.Send(&dispatcherv1.SubmitResponse{Events: []*dispatcherv1.GatherEvent{accepted}}); err != nil {
				return err
			}
			pause()
			return stream.Send(&dispatcherv1.SubmitResponse{Events: []*dispatcherv1.GatherEvent{summary}})
		},
	}))
	submitter := client.NewSubmitter()
	defer submitter.Close()
	options := atedispatcher.RequestOptions{TTL: ttl}
	for name, gatherAll := range map[string]func(context.Context, string, atedispatcher.RequestOptions) ([]*atedispatcher.Delivery, *atedispatcher.Summary, error){
		"own": client.GatherAll, "submitted": submitter.GatherAll,
	} {
		if _, summary, err := gatherAll(testContext(t), "t", options); err != nil || summary.Answered != 1 {
			t.Errorf("%s: got %+v, %v", name, summary, err)
		}
	}
}

func TestALateReaderStillGetsItsResults(t *testing.T) {
	client := shared(t)
	produce(t, client, "read.late", echo, atedispatcher.ProducerOptions{})
	submitter := client.NewSubmitter()
	defer submitter.Close()
	options := atedispatcher.RequestOptions{TTL: 50 * time.Millisecond}
	own, err := client.Gather(context.Background(), "read.late", options)
	if err != nil {
		t.Fatal(err)
	}
	submitted, err := submitter.Gather(context.Background(), "read.late", options)
	if err != nil {
		t.Fatal(err)
	}
	// The pause is longer than the TTL and the reserve.
	time.Sleep(1200 * time.Millisecond)
	for _, gather := range []*atedispatcher.Gather{own, submitted} {
		if summary, err := gather.Summary(); err != nil || summary.Answered != 1 {
			t.Errorf("got %+v, %v", summary, err)
		}
		gather.Close()
	}
}

func TestAPeerThatFindsNobodySaysSo(t *testing.T) {
	for what, address := range map[string]string{"a mute port": muteServer(t), "a closed port": "127.0.0.1:1"} {
		var log logBuffer
		previous := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		client := connect(t, address)
		statuses := make(chan atedispatcher.Status, 1000)
		report := func(s atedispatcher.Status) { statuses <- s }
		background(t, client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{OnStatus: report}).Run)
		silent := background(t, client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{}).Run)
		select {
		case s := <-statuses:
			if s.Err == nil || !strings.Contains(s.Err.Message, address) {
				t.Errorf("%s: got %+v", what, s)
			}
		case <-time.After(testTimeout / 2):
			t.Errorf("%s: nothing is reported", what)
		}
		eventually(t, "the log says so", func() bool { return strings.Contains(log.String(), address) })
		_ = silent.end(t)
		slog.SetDefault(previous)
		if lines := bytes.Count([]byte(log.String()), []byte("\n")); lines > 10 {
			t.Errorf("%s: %d lines", what, lines)
		}
	}
}
