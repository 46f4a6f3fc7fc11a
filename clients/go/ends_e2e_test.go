package atedispatcher_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// atOnce fails the test unless a call returns an error that wanted accepts, without waiting.
func atOnce(t *testing.T, what string, wanted func(error) bool, call func(context.Context) error) {
	t.Helper()
	// The context has no end: a call that waits would wait forever.
	result := make(chan error, 1)
	go func() { result <- call(context.Background()) }()
	select {
	case err := <-result:
		if !wanted(err) {
			t.Errorf("%s returned %v", what, err)
		}
	case <-time.After(testTimeout):
		t.Errorf("%s hangs", what)
	}
}

// isClosed reports whether an error is ErrClosed itself. An error of another reason whose cause is ErrClosed would tell a
// program to retry.
func isClosed(err error) bool {
	failure, ok := errors.AsType[*atedispatcher.Error](err)
	return ok && failure.Code == codes.Canceled && failure.Reason == "CLOSED"
}

func isNil(err error) bool { return err == nil }

func producerCalls(p *atedispatcher.Producer) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Register":       func(ctx context.Context) error { return p.Register(ctx, "more", "") },
		"Deregister":     func(ctx context.Context) error { return p.Deregister(ctx, "more") },
		"Ready":          p.Ready,
		"Run":            p.Run,
		"SetConcurrency": func(context.Context) error { return p.SetConcurrency(2) },
	}
}

func listenerCalls(l *atedispatcher.Listener) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Add":    func(ctx context.Context) error { return l.Add(ctx, "more") },
		"Remove": func(ctx context.Context) error { return l.Remove(ctx, "more") },
		"Ready":  l.Ready,
		"Run":    l.Run,
		"Results": func(ctx context.Context) (failure error) {
			for _, err := range l.Results(ctx) {
				failure = err
			}
			return failure
		},
	}
}

func TestCallsAfterTheEndOfAProducerReturnTheReasonAtOnce(t *testing.T) {
	client := shared(t)
	rejected := client.NewProducer([]string{"not a topic"}, echo, atedispatcher.ProducerOptions{})
	isRejected := func(err error) bool { return status.Code(err) == codes.InvalidArgument }
	atOnce(t, "Run of a rejected producer", isRejected, rejected.Run)
	for name, call := range producerCalls(rejected) {
		atOnce(t, name+" after a rejection", isRejected, call)
	}
	atOnce(t, "Close after a rejection", isNil, rejected.Close)

	ended, run := produce(t, client, "ended", echo, atedispatcher.ProducerOptions{})
	if err := run.end(t); err != nil {
		t.Fatal(err)
	}
	for name, call := range producerCalls(ended) {
		atOnce(t, name+" after Run", isClosed, call)
	}
	atOnce(t, "Close after Run", isNil, ended.Close)

	closed := client.NewProducer([]string{"closed"}, echo, atedispatcher.ProducerOptions{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		_ = closed.Close(cancelled)
	}
	for name, call := range producerCalls(closed) {
		atOnce(t, name+" after Close", isClosed, call)
	}
}

func TestCallsAfterTheEndOfAListenerReturnTheReasonAtOnce(t *testing.T) {
	client := shared(t)
	rejected := client.NewListener([]string{"not a topic"}, atedispatcher.ListenerOptions{})
	isRejected := func(err error) bool { return status.Code(err) == codes.InvalidArgument }
	atOnce(t, "Run of a rejected listener", isRejected, rejected.Run)
	for name, call := range listenerCalls(rejected) {
		atOnce(t, name+" after a rejection", isRejected, call)
	}
}

func TestCallsAfterTheEndOfAClientReturnTheReasonAtOnce(t *testing.T) {
	client := shared(t)
	producer, run := produce(t, client, "torn.down", echo, atedispatcher.ProducerOptions{})
	idleProducer := client.NewProducer([]string{"torn.down"}, echo, atedispatcher.ProducerOptions{})
	idleListener := client.NewListener([]string{"torn.down"}, atedispatcher.ListenerOptions{})
	submitter, idleSubmitter := client.NewSubmitter(), client.NewSubmitter()
	defer submitter.Close()
	defer idleSubmitter.Close()
	if _, err := submitter.Dispatch(testContext(t), "torn.down", atedispatcher.RequestOptions{}); err != nil {
		t.Fatal(err)
	}
	gather, err := client.Gather(testContext(t), "torn.up", atedispatcher.RequestOptions{NoProducers: atedispatcher.NoProducersWait})
	if err != nil {
		t.Fatal(err)
	}
	sharing, err := submitter.Gather(testContext(t), "torn.up", atedispatcher.RequestOptions{NoProducers: atedispatcher.NoProducersWait})
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- idleProducer.Ready(context.Background()) }()
	client.Close()
	if err := run.wait(t); !isClosed(err) {
		t.Errorf("Run returned %v", err)
	}
	calls := map[string]func(context.Context) error{
		"WaitForReady": client.WaitForReady,
		"Dispatch": func(ctx context.Context) error {
			_, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
			return err
		},
		"Gather": func(ctx context.Context) error {
			_, err := client.Gather(ctx, "t", atedispatcher.RequestOptions{})
			return err
		},
		"Validate": func(ctx context.Context) error {
			_, err := client.Validate(ctx, "t", atedispatcher.RequestOptions{})
			return err
		},
		"CancelRequest": func(ctx context.Context) error {
			_, err := client.CancelRequest(ctx, "x")
			return err
		},
		"UpdateListener": func(ctx context.Context) error {
			_, err := client.UpdateListener(ctx, "x", []string{"a"}, nil)
			return err
		},
		"Summary of a gather": func(context.Context) error {
			_, err := gather.Summary()
			return err
		},
		"Cancel of a gather": gather.Cancel,
		"Summary of a gather on a submitter": func(context.Context) error {
			_, err := sharing.Summary()
			return err
		},
		"a waiting Ready": func(context.Context) error {
			return <-waiting
		},
	}
	for name, s := range map[string]*atedispatcher.Submitter{"submitter": submitter, "idle submitter": idleSubmitter} {
		calls["Gather of a "+name] = func(ctx context.Context) error {
			_, err := s.Gather(ctx, "t", atedispatcher.RequestOptions{})
			return err
		}
		calls["Dispatch of a "+name] = func(ctx context.Context) error {
			_, err := s.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
			return err
		}
	}
	for name, call := range producerCalls(producer) {
		calls[name+" of a producer"] = call
	}
	for name, call := range producerCalls(idleProducer) {
		calls[name+" of a producer that never ran"] = call
	}
	for name, call := range listenerCalls(idleListener) {
		calls[name+" of a listener that never ran"] = call
	}
	for name, call := range calls {
		atOnce(t, name+" after Close of the client", isClosed, call)
	}
	atOnce(t, "Close of a producer", isNil, producer.Close)
	atOnce(t, "Close of a producer that never ran", isNil, idleProducer.Close)
	atOnce(t, "a second Close", isNil, func(context.Context) error { return client.Close() })
}

func TestAHandlerMayEndItsOwnProducer(t *testing.T) {
	client := shared(t)
	for name, end := range map[string]func(context.Context, *atedispatcher.Producer, context.CancelFunc) error{
		"Close with the handler's context": func(ctx context.Context, p *atedispatcher.Producer, _ context.CancelFunc) error {
			return p.Close(ctx)
		},
		"Close with another context": func(_ context.Context, p *atedispatcher.Producer, _ context.CancelFunc) error {
			return p.Close(context.Background())
		},
		"cancel of the context of Run": func(_ context.Context, _ *atedispatcher.Producer, stop context.CancelFunc) error {
			stop()
			return nil
		},
	} {
		// The grace is far longer than the test may take.
		options := atedispatcher.ProducerOptions{Grace: time.Hour}
		runCtx, stop := context.WithCancel(context.Background())
		var producer *atedispatcher.Producer
		producer = client.NewProducer([]string{"ends.itself"}, func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
			return atedispatcher.Value("goodbye"), end(ctx, producer, stop)
		}, options)
		ended := make(chan error, 1)
		go func() { ended <- producer.Run(runCtx) }()
		if err := producer.Ready(testContext(t)); err != nil {
			t.Fatal(err)
		}
		_, summary := mustGather(t, client, "ends.itself", atedispatcher.RequestOptions{TTL: testTimeout / 2})
		if summary.Answered != 1 {
			t.Errorf("%s: got %+v", name, summary.Outcomes)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: Run returned %v", name, err)
			}
		case <-time.After(testTimeout):
			t.Errorf("%s: Run does not return", name)
		}
		stop()
	}
}

func TestACallbackMayEndItsOwnProducer(t *testing.T) {
	client := shared(t)
	ended := make(chan error, 1)
	var producer *atedispatcher.Producer
	live := make(chan struct{})
	producer = client.NewProducer([]string{"ended.by.status"}, echo, atedispatcher.ProducerOptions{OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusReady {
			<-live
			ended <- producer.Close(context.Background())
		}
	}})
	run := background(t, producer.Run)
	if err := producer.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	close(live)
	if err := run.wait(t); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheEndOfAClientEndsEveryWait(t *testing.T) {
	server := serve(t)
	client := connect(t, server.address, atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: time.Hour, MaxDelay: time.Hour}))
	lost := make(chan struct{}, 2)
	onStatus := func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusDisconnected {
			lost <- struct{}{}
		}
	}
	started, release := make(chan struct{}), make(chan struct{})
	producer, producing := produce(t, client, "torn.early", func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
		close(started)
		<-release
		return atedispatcher.Result{}, errTimeout
	}, atedispatcher.ProducerOptions{OnStatus: onStatus})
	listener := client.NewListener([]string{"torn.early"}, atedispatcher.ListenerOptions{OnStatus: onStatus})
	listening := background(t, listener.Run)
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Dispatch(testContext(t), "torn.early", atedispatcher.RequestOptions{}); err != nil {
		t.Fatal(err)
	}
	<-started
	server.kill()
	<-lost
	<-lost
	registered, ready := make(chan error, 1), make(chan error, 1)
	go func() { registered <- producer.Register(context.Background(), "more", "") }()
	go func() { ready <- producer.Ready(context.Background()) }()
	client.Close()
	// The handler still runs, so Run of the producer has not returned.
	atOnce(t, "a waiting Register", isClosed, func(context.Context) error { return <-registered })
	atOnce(t, "a waiting Ready", isClosed, func(context.Context) error { return <-ready })
	atOnce(t, "Run of a listener", isClosed, func(context.Context) error { return listening.result() })
	close(release)
	atOnce(t, "Run of a producer", isClosed, func(context.Context) error { return producing.result() })
}

func TestAClosedListenerEndsForGood(t *testing.T) {
	client := shared(t)
	produce(t, client, "shut", echo, atedispatcher.ProducerOptions{})
	idle := client.NewListener([]string{"shut"}, atedispatcher.ListenerOptions{})
	live := listen(t, client, atedispatcher.ListenerOptions{}, "shut")
	unreachable, err := atedispatcher.NewClient("127.0.0.1:1", atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: time.Hour, MaxDelay: time.Hour}))
	if err != nil {
		t.Fatal(err)
	}
	defer unreachable.Close()
	alone := unreachable.NewListener([]string{"shut"}, atedispatcher.ListenerOptions{})
	aloneRun := background(t, alone.Run)
	ready := make(chan error, 1)
	go func() { ready <- alone.Ready(context.Background()) }()
	looping := client.NewListener([]string{"shut"}, atedispatcher.ListenerOptions{})
	looped := make(chan error, 1)
	go func() {
		var failure error
		for _, err := range looping.Results(context.Background()) {
			failure = err
		}
		looped <- failure
	}()
	if err := looping.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}

	all := map[string]*atedispatcher.Listener{
		"a listener that never ran": idle, "a live listener": live.Listener, "a listener without a server": alone, "a loop": looping,
	}
	for name, each := range all {
		for range 2 {
			atOnce(t, "Close of "+name, isNil, func(context.Context) error { return each.Close() })
		}
		for call, perform := range listenerCalls(each) {
			atOnce(t, call+" after Close of "+name, isClosed, perform)
		}
	}
	atOnce(t, "a waiting Ready", isClosed, func(context.Context) error { return <-ready })
	atOnce(t, "Run of a live listener", isNil, func(context.Context) error { return live.result() })
	atOnce(t, "Run without a server", isNil, func(context.Context) error { return aloneRun.result() })
	atOnce(t, "the loop", isNil, func(context.Context) error { return <-looped })
	eventually(t, "the server knows that the listeners are gone", func() bool {
		acceptance, err := client.Validate(testContext(t), "shut", atedispatcher.RequestOptions{})
		return err == nil && acceptance.ListenerCount == 0
	})
}

func TestACallbackMayCloseItsListener(t *testing.T) {
	client := shared(t)
	produce(t, client, "shut.inside", func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		err := a.Send(ctx, atedispatcher.Value(1))
		return atedispatcher.Value(2), err
	}, atedispatcher.ProducerOptions{})
	ended := make(chan error, 1)
	var received []*atedispatcher.Delivery
	var listener *atedispatcher.Listener
	listener = client.NewListener([]string{"shut.inside"}, atedispatcher.ListenerOptions{
		OnResult: func(ctx context.Context, result *atedispatcher.Delivery) {
			received = append(received, result)
			_ = listener.Close()
			<-ctx.Done()
			ended <- ctx.Err()
		},
		OnSummary: func(*atedispatcher.Summary) { t.Error("a summary arrived after Close") },
	})
	listening := background(t, listener.Run)
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	mustGather(t, client, "shut.inside", atedispatcher.RequestOptions{})
	if err := listening.wait(t); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != context.Canceled {
		t.Errorf("the context of the callback ended with %v", err)
	}
	if len(received) != 1 {
		t.Errorf("received %d results", len(received))
	}
}
