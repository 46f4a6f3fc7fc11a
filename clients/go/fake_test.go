package atedispatcher_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// fake is a server for behaviour that a test cannot provoke in a real one.
type fake struct {
	dispatcherv1.UnimplementedDispatcherServiceServer
	dispatch func(context.Context, *dispatcherv1.DispatchRequest) error
	listen   func(nth int, request *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error
	update   func(*dispatcherv1.UpdateListenerRequest)
	produce  func(nth int, stream grpc.BidiStreamingServer[dispatcherv1.ProduceRequest, dispatcherv1.ProduceResponse]) error
	gather   func(stream grpc.ServerStreamingServer[dispatcherv1.GatherResponse]) error
	submit   func(nth int, stream grpc.BidiStreamingServer[dispatcherv1.SubmitRequest, dispatcherv1.SubmitResponse]) error

	mu      sync.Mutex
	listens int
	streams int
}

func (f *fake) nextStream() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.streams++
	return f.streams
}

func (f *fake) Gather(_ *dispatcherv1.GatherRequest, stream grpc.ServerStreamingServer[dispatcherv1.GatherResponse]) error {
	return f.gather(stream)
}

func (f *fake) Produce(stream grpc.BidiStreamingServer[dispatcherv1.ProduceRequest, dispatcherv1.ProduceResponse]) error {
	return f.produce(f.nextStream(), stream)
}

func (f *fake) Submit(stream grpc.BidiStreamingServer[dispatcherv1.SubmitRequest, dispatcherv1.SubmitResponse]) error {
	return f.submit(f.nextStream(), stream)
}

func (f *fake) Dispatch(ctx context.Context, request *dispatcherv1.DispatchRequest) (*dispatcherv1.DispatchResponse, error) {
	return &dispatcherv1.DispatchResponse{}, f.dispatch(ctx, request)
}

func (f *fake) Listen(request *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
	f.mu.Lock()
	f.listens++
	nth := f.listens
	f.mu.Unlock()
	return f.listen(nth, request, stream)
}

func (f *fake) UpdateListener(_ context.Context, request *dispatcherv1.UpdateListenerRequest) (*dispatcherv1.UpdateListenerResponse, error) {
	f.update(request)
	return &dispatcherv1.UpdateListenerResponse{}, nil
}

func serveFake(t *testing.T, f *fake, options ...grpc.ServerOption) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	dispatcherv1.RegisterDispatcherServiceServer(server, f)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return listener.Addr().String()
}

func send(t *testing.T, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse], events ...*dispatcherv1.ListenerEvent) {
	t.Helper()
	if err := stream.Send(&dispatcherv1.ListenResponse{Events: events}); err != nil {
		t.Error(err)
	}
}

func readyEvent() *dispatcherv1.ListenerEvent {
	return &dispatcherv1.ListenerEvent{Event: &dispatcherv1.ListenerEvent_Ready{Ready: &dispatcherv1.Ready{
		ListenerId: "minted", HeartbeatInterval: durationpb.New(time.Minute),
	}}}
}

func TestMetadataCredentialsAndErrorDetailsPassThrough(t *testing.T) {
	tls := httptest.NewUnstartedServer(nil)
	tls.StartTLS()
	defer tls.Close()
	var seen metadata.MD
	address := serveFake(t, &fake{dispatch: func(ctx context.Context, request *dispatcherv1.DispatchRequest) error {
		seen, _ = metadata.FromIncomingContext(ctx)
		st, err := status.New(codes.ResourceExhausted, "too fast").WithDetails(
			&errdetails.ErrorInfo{Reason: "RATE_LIMIT", Metadata: map[string]string{"limit": "7"}},
			&errdetails.RetryInfo{RetryDelay: durationpb.New(300 * time.Millisecond)},
			&errdetails.Help{},
		)
		if err != nil {
			return err
		}
		return st.Err()
	}}, grpc.Creds(credentials.NewServerTLSFromCert(&tls.TLS.Certificates[0])))
	trusted := x509.NewCertPool()
	trusted.AddCert(tls.Certificate())
	intercepted := false
	client := connect(t, address,
		atedispatcher.WithTransportCredentials(credentials.NewClientTLSFromCert(trusted, "example.com")),
		atedispatcher.WithMetadata(map[string]string{"authorization": "Bearer x"}),
		atedispatcher.WithDialOptions(grpc.WithUnaryInterceptor(func(
			ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
		) error {
			intercepted = true
			return invoke(ctx, method, request, reply, conn, options...)
		})),
	)
	_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{Context: map[string]string{"traceparent": "00"}})
	failure, ok := errors.AsType[*atedispatcher.Error](err)
	if !ok || failure.Reason != "RATE_LIMIT" || failure.Metadata["limit"] != "7" || failure.RetryDelay != 300*time.Millisecond || !failure.Retryable() {
		t.Errorf("got %+v", err)
	}
	for key, want := range map[string]string{"authorization": "Bearer x", "traceparent": "00", "content-type": "application/grpc+proto"} {
		if got := seen.Get(key); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %v", key, got)
		}
	}
	if !intercepted {
		t.Error("the interceptor was not called")
	}
}

func TestAListenerSurvivesAMisbehavingServer(t *testing.T) {
	ended := make(chan struct{})
	address := serveFake(t, &fake{listen: func(nth int, request *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
		switch nth {
		case 1: // ends the stream without a status
			send(t, stream, readyEvent())
			return nil
		case 2: // sends a malformed event
			malformed := &dispatcherv1.ListenResponse{}
			malformed.ProtoReflect().SetUnknown([]byte{0x0a, 0x02, 0x0a, 0x7f})
			return stream.Send(malformed)
		case 3: // asks for testTimeout
			st, _ := status.New(codes.ResourceExhausted, "full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(300 * time.Millisecond)})
			return st.Err()
		case 4: // sends unknown events between known ones
			if request.GetListenerId() != "minted" {
				t.Errorf("the listener reconnected as %q", request.GetListenerId())
			}
			unknown := &dispatcherv1.ListenerEvent{}
			unknown.ProtoReflect().SetUnknown([]byte{0xfa, 0x01, 0x00})
			delivery := &dispatcherv1.Delivery{Topic: "t", Sequence: 1}
			send(t, stream, readyEvent(), unknown, &dispatcherv1.ListenerEvent{}, &dispatcherv1.ListenerEvent{
				Event: &dispatcherv1.ListenerEvent_Delivery{Delivery: delivery},
			})
			<-ended
		}
		return status.Error(codes.Unauthenticated, "who are you?")
	}})
	h := listen(t, connect(t, address), atedispatcher.ListenerOptions{}, "t")
	for nth, reason := range []string{"STREAM_ENDED", "MALFORMED_MESSAGE", "RESOURCE_EXHAUSTED"} {
		lost := h.untilStatus(t, atedispatcher.StatusDisconnected, nth+1)
		if lost.Err.Reason != reason {
			t.Errorf("got %v, want %s", lost.Err, reason)
		}
		if reason == "RESOURCE_EXHAUSTED" && lost.RetryIn < 300*time.Millisecond {
			t.Errorf("reconnects in %v", lost.RetryIn)
		}
	}
	if value, err := h.untilResults(t, 1)[0].Value(); value != nil || err != nil {
		t.Errorf("got %v, %v", value, err)
	}
	close(ended)
	if err := h.wait(t); status.Code(err) != codes.Unauthenticated {
		t.Errorf("got %v", err)
	}
	if err := h.Ready(t.Context()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("got %v", err)
	}
}

func TestTopicsChangedWhileASessionIsOpenedAreRequestedOnceItIsLive(t *testing.T) {
	opened, proceed := make(chan []string), make(chan struct{})
	updates := make(chan *dispatcherv1.UpdateListenerRequest, 1)
	address := serveFake(t, &fake{
		listen: func(_ int, request *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
			opened <- request.GetTopics()
			<-proceed
			send(t, stream, readyEvent())
			<-stream.Context().Done()
			return nil
		},
		update: func(request *dispatcherv1.UpdateListenerRequest) { updates <- request },
	})
	listener := connect(t, address).NewListener([]string{"one", "two"}, atedispatcher.ListenerOptions{})
	background(t, listener.Run)
	if topics := <-opened; !slices.Equal(topics, []string{"one", "two"}) {
		t.Errorf("opened with %v", topics)
	}
	if err := errors.Join(listener.Add(t.Context(), "three"), listener.Remove(t.Context(), "one")); err != nil {
		t.Fatal(err)
	}
	close(proceed)
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	want := &dispatcherv1.UpdateListenerRequest{ListenerId: "minted", AddTopics: []string{"three"}, RemoveTopics: []string{"one"}}
	if got := <-updates; !proto.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestTheBackoffStartsOverAsSoonAsASessionWasLive(t *testing.T) {
	address := serveFake(t, &fake{listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
		send(t, stream, readyEvent())
		return status.Error(codes.Unavailable, "cut")
	}})
	initial := 20 * time.Millisecond
	client := connect(t, address, atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: initial, Multiplier: 10, Jitter: -1}))
	delays := make(chan time.Duration, 100)
	listener := client.NewListener([]string{"t"}, atedispatcher.ListenerOptions{OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusDisconnected {
			delays <- s.RetryIn
		}
	}})
	background(t, listener.Run)
	for range 5 {
		if delay := <-delays; delay != initial {
			t.Errorf("reconnects in %v", delay)
		}
	}
}

// connectionAge is the status with which a server rejects what an old connection brings.
func connectionAge(t *testing.T) *rpcstatus.Status {
	t.Helper()
	st, err := status.New(codes.Unavailable, "reconnect").WithDetails(&errdetails.ErrorInfo{Reason: "CONNECTION_AGE", Domain: "ate.dispatcher"})
	if err != nil {
		t.Fatal(err)
	}
	return st.Proto()
}

// retryLater is the error of a server that asks for a delay.
func retryLater(t *testing.T, delay time.Duration) error {
	t.Helper()
	st, err := status.New(codes.ResourceExhausted, "full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	if err != nil {
		t.Fatal(err)
	}
	return st.Err()
}

func TestAServerMayRepeatItself(t *testing.T) {
	welcome := &dispatcherv1.DispatcherMessage{Message: &dispatcherv1.DispatcherMessage_Welcome{Welcome: &dispatcherv1.Welcome{
		ProducerId: "minted", HeartbeatInterval: durationpb.New(time.Minute), MaxOutstanding: 1,
	}}}
	client := connect(t, serveFake(t, &fake{
		listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
			send(t, stream, readyEvent(), readyEvent())
			<-stream.Context().Done()
			return nil
		},
		produce: func(_ int, stream grpc.BidiStreamingServer[dispatcherv1.ProduceRequest, dispatcherv1.ProduceResponse]) error {
			if err := stream.Send(&dispatcherv1.ProduceResponse{Messages: []*dispatcherv1.DispatcherMessage{welcome, welcome}}); err != nil {
				t.Error(err)
			}
			if _, err := stream.Recv(); err != nil { // Hello
				t.Error(err)
			}
			_, _ = stream.Recv() // Drain
			return nil
		},
	}))
	h := listen(t, client, atedispatcher.ListenerOptions{}, "t")
	h.untilStatus(t, atedispatcher.StatusReady, 2)
	welcomes := make(chan struct{}, 2)
	produce(t, client, "t", echo, atedispatcher.ProducerOptions{OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusReady {
			welcomes <- struct{}{}
		}
	}})
	<-welcomes
	<-welcomes
}
