package atedispatcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// guarded is a stock server that records the tokens of all calls, and answers with what judge says about them.
type guarded struct {
	address string
	judge   func(token string) error

	mu     sync.Mutex
	tokens []string
}

func serveGuarded(t *testing.T, judge func(token string) error) *guarded {
	t.Helper()
	g := &guarded{judge: judge}
	g.address = serveFake(t, &fake{
		dispatch: func(ctx context.Context, _ *dispatcherv1.DispatchRequest) error { return g.check(ctx) },
		gather: func(stream grpc.ServerStreamingServer[dispatcherv1.GatherResponse]) error {
			if err := g.check(stream.Context()); err != nil {
				return err
			}
			return stream.Send(&dispatcherv1.GatherResponse{Events: []*dispatcherv1.GatherEvent{
				{Event: &dispatcherv1.GatherEvent_Acceptance{Acceptance: &dispatcherv1.Acceptance{RequestId: "r", Ttl: durationpb.New(time.Minute)}}},
				{Event: &dispatcherv1.GatherEvent_Summary{Summary: &dispatcherv1.Summary{RequestId: "r"}}},
			}})
		},
		listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
			if err := g.check(stream.Context()); err != nil {
				return err
			}
			send(t, stream, readyEvent())
			<-stream.Context().Done()
			return nil
		},
		submit: func(_ int, stream grpc.BidiStreamingServer[dispatcherv1.SubmitRequest, dispatcherv1.SubmitResponse]) error {
			return g.check(stream.Context())
		},
		produce: func(_ int, stream grpc.BidiStreamingServer[dispatcherv1.ProduceRequest, dispatcherv1.ProduceResponse]) error {
			return g.check(stream.Context())
		},
	})
	return g
}

func (g *guarded) check(ctx context.Context) error {
	sent, _ := metadata.FromIncomingContext(ctx)
	token := strings.Join(sent.Get("authorization"), ", ")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, token)
	if g.judge == nil {
		return nil
	}
	return g.judge(token)
}

func (g *guarded) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.tokens...)
}

// numbered returns a token function that counts its calls: t1, t2 and so on.
func numbered() (token func(context.Context) (string, error), calls *atomic.Int64) {
	calls = &atomic.Int64{}
	return func(context.Context) (string, error) { return "t" + strconv.FormatInt(calls.Add(1), 10), nil }, calls
}

func TestATokenIsSentWithEveryCallAndAskedForAgain(t *testing.T) {
	server := serveGuarded(t, nil)
	token, _ := numbered()
	for _, option := range []atedispatcher.Option{atedispatcher.WithToken("t0"), atedispatcher.WithTokenFunc(token)} {
		client := connect(t, server.address, option)
		ctx := testContext(t)
		if _, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{}); err != nil {
			t.Error(err)
		}
		if _, _, err := client.GatherAll(ctx, "t", atedispatcher.RequestOptions{}); err != nil {
			t.Error(err)
		}
		submitter := client.NewSubmitter()
		_, _ = submitter.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
		submitter.Close()
		listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{})
		run := background(t, listener.Run)
		if err := errors.Join(listener.Ready(ctx), run.end(t)); err != nil {
			t.Error(err)
		}
	}
	want := "Bearer t0,Bearer t0,Bearer t0,Bearer t0,Bearer t1,Bearer t2,Bearer t3,Bearer t4"
	if got := strings.Join(server.seen(), ","); got != want {
		t.Errorf("got %s", got)
	}
}

func TestASessionAsksForATokenAtEachReconnect(t *testing.T) {
	server := serveGuarded(t, nil)
	proxy := newProxy(t, server.address)
	token, calls := numbered()
	h := listen(t, connect(t, proxy.address, atedispatcher.WithTokenFunc(token)), atedispatcher.ListenerOptions{}, "t")
	for nth := 2; nth <= 4; nth++ {
		proxy.cut()
		h.untilStatus(t, atedispatcher.StatusReady, nth)
	}
	// An attempt may fail before it reaches the server, so there may be more calls than sessions.
	seen := server.seen()
	if len(seen) < 4 || calls.Load() < int64(len(seen)) {
		t.Errorf("%d calls for %v", calls.Load(), seen)
	}
	for i, each := range seen[1:] {
		if each == seen[i] {
			t.Errorf("the same token twice: %v", seen)
		}
	}
}

func TestARefusalOfAFixedTokenIsFinal(t *testing.T) {
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied} {
		server := serveGuarded(t, func(string) error { return status.Error(code, "no") })
		client := connect(t, server.address, atedispatcher.WithToken("t0"))
		sentinel := map[codes.Code]error{
			codes.Unauthenticated: atedispatcher.ErrUnauthenticated, codes.PermissionDenied: atedispatcher.ErrPermissionDenied,
		}[code]
		listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{})
		producer := client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{})
		for _, err := range []error{listener.Run(testContext(t)), producer.Run(testContext(t)), listener.Ready(t.Context()), producer.Ready(t.Context())} {
			if !errors.Is(err, sentinel) {
				t.Errorf("got %v", err)
			}
		}
		if seen := server.seen(); len(seen) != 2 {
			t.Errorf("%d sessions were tried", len(seen))
		}
	}
}

func TestATokenFunctionIsAskedAgainAfterARefusal(t *testing.T) {
	server := serveGuarded(t, func(token string) error {
		if token != "Bearer t4" {
			return status.Error(codes.Unauthenticated, "no")
		}
		return nil
	})
	token, _ := numbered()
	client := connect(t, server.address, atedispatcher.WithTokenFunc(token),
		atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: 10 * time.Millisecond, Multiplier: 2, Jitter: -1}))
	var delays []time.Duration
	listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusDisconnected && errors.Is(s.Err, atedispatcher.ErrUnauthenticated) {
			delays = append(delays, s.RetryIn)
		}
	}})
	run := background(t, listener.Run)
	if err := errors.Join(listener.Ready(testContext(t)), run.end(t)); err != nil {
		t.Error(err)
	}
	// A function that returns the same token again makes the client wait longer each time, and never loop.
	if want := "[10ms 20ms 40ms]"; fmt.Sprint(delays) != want {
		t.Errorf("waited %v", delays)
	}
}

func TestADeniedPermissionIsFinalWithATokenFunction(t *testing.T) {
	server := serveGuarded(t, func(string) error { return status.Error(codes.PermissionDenied, "no") })
	token, calls := numbered()
	client := connect(t, server.address, atedispatcher.WithTokenFunc(token))
	err := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{}).Run(testContext(t))
	if !errors.Is(err, atedispatcher.ErrPermissionDenied) || calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, calls.Load())
	}
}

func TestATokenFunctionThatFailsIsToldAndTriedAgain(t *testing.T) {
	cause := errors.New("no identity provider")
	for what, c := range map[string]struct {
		token func() (string, error)
		text  string
	}{
		"an error":    {func() (string, error) { return "", cause }, "failed: no identity provider"},
		"a panic":     {func() (string, error) { panic("no token today") }, "panicked: no token today"},
		"Goexit":      {func() (string, error) { runtime.Goexit(); return "", nil }, "ended its goroutine"},
		"no token":    {func() (string, error) { return "", nil }, "is empty"},
		"a line end":  {func() (string, error) { return "planted\n", nil }, "line end"},
		"the scheme":  {func() (string, error) { return "Bearer planted", nil }, "only the token"},
		"an umlaut":   {func() (string, error) { return "plantedä", nil }, "not printable ASCII"},
		"a zero byte": {func() (string, error) { return "planted\x00", nil }, "not printable ASCII"},
	} {
		server := serveGuarded(t, nil)
		var isGood atomic.Bool
		client := connect(t, server.address, atedispatcher.WithTokenFunc(func(context.Context) (string, error) {
			if isGood.Load() {
				return "good", nil
			}
			return c.token()
		}))
		told := func(err error) {
			t.Helper()
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			if !ok || failure.Reason != "TOKEN_FAILED" || !failure.Retryable() || !strings.Contains(failure.Message, c.text) ||
				strings.Contains(failure.Message, "planted") || errors.Is(err, cause) != (what == "an error") {
				t.Errorf("%s: got %v", what, err)
			}
		}
		ctx := testContext(t)
		_, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
		told(err)
		_, err = client.Gather(ctx, "t", atedispatcher.RequestOptions{})
		told(err)
		submitter := client.NewSubmitter()
		_, err = submitter.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
		told(err)
		submitter.Close()
		lost := make(chan *atedispatcher.Error, 1000)
		listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{OnStatus: func(s atedispatcher.Status) {
			if s.Kind == atedispatcher.StatusDisconnected {
				lost <- s.Err
			}
		}})
		run := background(t, listener.Run)
		told(<-lost)
		if seen := server.seen(); len(seen) > 0 {
			t.Errorf("%s: a call without a token was sent: %v", what, seen)
		}
		isGood.Store(true)
		if err := errors.Join(listener.Ready(ctx), run.end(t)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestATokenFunctionRunsOnceAtATime blocks the function until every call waits for it.
func TestATokenFunctionRunsOnceAtATime(t *testing.T) {
	server := serveGuarded(t, nil)
	const callers = 20
	var running, most, calls atomic.Int64
	proceed := make(chan struct{})
	client := connect(t, server.address, atedispatcher.WithTokenFunc(func(context.Context) (string, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		calls.Add(1)
		<-proceed
		return "t", nil
	}))
	var started, all sync.WaitGroup
	started.Add(callers)
	for range callers {
		all.Go(func() {
			started.Done()
			if _, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	started.Wait()
	close(proceed)
	all.Wait()
	if most.Load() != 1 || calls.Load() > callers || len(server.seen()) != callers {
		t.Errorf("at most %d at a time, %d calls for %d", most.Load(), calls.Load(), len(server.seen()))
	}
}

func TestATokenFunctionThatHangsDelaysNoCallForever(t *testing.T) {
	server := serveGuarded(t, nil)
	var calls atomic.Int64
	release := make(chan struct{})
	defer close(release)
	client := connect(t, server.address, atedispatcher.WithTokenFunc(func(context.Context) (string, error) {
		calls.Add(1)
		<-release
		return "", context.Canceled
	}))
	client.SetTokenTimeout(50 * time.Millisecond)
	for range 3 {
		_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		if failure, ok := errors.AsType[*atedispatcher.Error](err); !ok || failure.Reason != "TOKEN_FAILED" || !strings.Contains(failure.Message, "50ms") {
			t.Errorf("got %v", err)
		}
	}
	// A second call would run beside the first one, which has not returned.
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
	client.SetTokenTimeout(time.Hour)
	for what, call := range map[string]func(context.Context) error{
		"Dispatch": func(ctx context.Context) error {
			_, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{})
			return err
		},
		"Gather": func(ctx context.Context) error {
			_, err := client.Gather(ctx, "t", atedispatcher.RequestOptions{})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the token function has not returned") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{TTL: time.Millisecond})
	if failure, ok := errors.AsType[*atedispatcher.Error](err); !ok || failure.Reason != "TOKEN_FAILED" {
		t.Errorf("after the TTL: got %v", err)
	}
}

func TestClosingTheClientEndsTheTokenFunction(t *testing.T) {
	server := serveGuarded(t, nil)
	asked, ended := make(chan struct{}), make(chan struct{})
	client := connect(t, server.address, atedispatcher.WithTokenFunc(func(ctx context.Context) (string, error) {
		close(asked)
		<-ctx.Done()
		close(ended)
		return "", ctx.Err()
	}))
	failed := make(chan error)
	go func() {
		_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		failed <- err
	}()
	<-asked
	client.Close()
	if err := <-failed; !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	<-ended
}

// farConn is a connection that seems to come from another machine.
type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

func TestATokenIsNotSentInClearText(t *testing.T) {
	token := atedispatcher.WithToken("planted")
	for _, address := range []string{
		"192.0.2.1:1", "dispatcher.test:1", "localhost.test:1", "dns:///dispatcher.test:1", "dns://192.0.2.1/localhost:1", "[2001:db8::1]:1",
		"passthrough:///192.0.2.1:1", "0.0.0.0:1", "[::]:1", "128.0.0.1:1", "[::ffff:192.0.2.1]:1",
	} {
		_, err := atedispatcher.NewClient(address, token)
		failure, ok := errors.AsType[*atedispatcher.Error](err)
		if !ok || len(failure.FieldViolations) != 1 || failure.FieldViolations[0].Field != "token" ||
			!strings.Contains(failure.Message, "WithInsecureToken") || strings.Contains(failure.Message, "planted") {
			t.Errorf("%s: got %v", address, err)
		}
		for _, remedy := range []atedispatcher.Option{atedispatcher.WithInsecureToken(), atedispatcher.WithTLS(atedispatcher.TLS{})} {
			connect(t, address, token, remedy)
		}
	}
	for _, address := range []string{
		"", "127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1", "LocalHost:1", "dns:///localhost:1",
		"dns:127.0.0.1:1", "passthrough:///127.0.0.1:1", "unix:/tmp/socket", "unix:///tmp/socket", "unix-abstract:socket",
	} {
		connect(t, address, token)
	}
	// The name is one of this machine, and the connection leads elsewhere.
	server := serveGuarded(t, nil)
	elsewhere := atedispatcher.WithDialOptions(grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.address)
		return farConn{raw}, err
	}))
	clear := atedispatcher.WithDialOptions(grpc.WithTransportCredentials(insecure.NewCredentials()))
	function, _ := numbered()
	for what, client := range map[string]*atedispatcher.Client{
		"a name that is resolved elsewhere":   connect(t, "localhost:1", token, elsewhere),
		"a token function":                    connect(t, "localhost:1", atedispatcher.WithTokenFunc(function), elsewhere),
		"dial options without the encryption": connect(t, "192.0.2.1:1", token, atedispatcher.WithTLS(atedispatcher.TLS{}), elsewhere, clear),
	} {
		_, dispatched := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		listened := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{}).Run(testContext(t))
		for _, err := range []error{dispatched, listened} {
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			if !ok || failure.Reason != "TOKEN_NOT_SENT" || !strings.Contains(failure.Message, "WithInsecureToken") {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
	if seen := server.seen(); len(seen) > 0 {
		t.Errorf("the server got %v", seen)
	}
	allowed := connect(t, "localhost:1", token, elsewhere, atedispatcher.WithInsecureToken())
	if _, err := allowed.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{}); err != nil || len(server.seen()) != 1 {
		t.Errorf("got %v, %v", err, server.seen())
	}
}

func TestImpossibleTokensAreRefusedWithoutTheirText(t *testing.T) {
	planted := map[string]string{"authorization": "Bearer planted"}
	for what, c := range map[string]struct {
		options []atedispatcher.Option
		field   string
	}{
		"no token":      {[]atedispatcher.Option{atedispatcher.WithToken("")}, "token"},
		"a line end":    {[]atedispatcher.Option{atedispatcher.WithToken("planted\n")}, "token"},
		"the scheme":    {[]atedispatcher.Option{atedispatcher.WithToken("Bearer planted")}, "token"},
		"no function":   {[]atedispatcher.Option{atedispatcher.WithTokenFunc(nil)}, "token"},
		"two of them":   {[]atedispatcher.Option{atedispatcher.WithToken("t"), atedispatcher.WithMetadata(planted)}, "metadata"},
		"odd metadata":  {[]atedispatcher.Option{atedispatcher.WithMetadata(map[string]string{"authorization": "planted\x00"})}, "metadata"},
		"other letters": {[]atedispatcher.Option{atedispatcher.WithToken("t"), atedispatcher.WithMetadata(map[string]string{"Authorization": "planted"})}, "metadata"},
	} {
		_, err := atedispatcher.NewClient("", c.options...)
		failure, ok := errors.AsType[*atedispatcher.Error](err)
		if !ok || len(failure.FieldViolations) != 1 || failure.FieldViolations[0].Field != c.field || strings.Contains(fmt.Sprintf("%+v", failure), "planted") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestATokenIsInNoOutput(t *testing.T) {
	const secret = "planted"
	var output bytes.Buffer
	show := func(values ...any) {
		for _, value := range values {
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&output, format+"\n", value)
			}
			slog.New(slog.NewJSONHandler(&output, nil)).Info("", "value", value)
			slog.New(slog.NewTextHandler(&output, nil)).Info("", "value", value)
		}
	}
	server := serveGuarded(t, func(string) error { return status.Error(codes.Unauthenticated, "no") })
	function := func(context.Context) (string, error) { return secret, nil }
	interceptor := atedispatcher.WithDialOptions(grpc.WithUnaryInterceptor(func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		show(ctx)
		err := invoke(ctx, method, request, reply, conn, options...)
		show(err)
		return err
	}))
	for _, option := range []atedispatcher.Option{
		atedispatcher.WithToken(secret), atedispatcher.WithTokenFunc(function),
		atedispatcher.WithMetadata(map[string]string{"authorization": "Bearer " + secret}),
	} {
		client := connect(t, server.address, option, interceptor)
		producer := client.NewProducer([]string{"t"}, echo, atedispatcher.ProducerOptions{})
		listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{})
		submitter := client.NewSubmitter()
		_, dispatched := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		_, gathered := client.Gather(testContext(t), "t", atedispatcher.RequestOptions{})
		_, submitted := submitter.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
		submitter.Close()
		show(option, client, struct{ C *atedispatcher.Client }{client}, dispatched, gathered, submitted, producer, listener, submitter)
		if !errors.Is(gathered, atedispatcher.ErrUnauthenticated) {
			t.Errorf("got %v", gathered)
		}
	}
	if seen := server.seen(); len(seen) != 9 || seen[0] != "Bearer "+secret {
		t.Errorf("the server got %v", seen)
	}
	for line := range strings.Lines(output.String()) {
		if leaks(line, secret) {
			t.Errorf("printed: %s", line)
		}
	}
}
