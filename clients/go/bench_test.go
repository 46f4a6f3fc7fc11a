package atedispatcher_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// The benchmarks compare round trips of this client with a plain gRPC echo in Go:
//
//	go test -run '^$' -bench . -benchtime 2s
//
// A gather takes two hops in each direction: caller to dispatcher, and dispatcher to producer.

func BenchmarkPlainEcho(b *testing.B) {
	const method = "/bench.Echo/Echo"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Echo",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Echo",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var message wrapperspb.StringValue
				err := decode(&message)
				return &message, err
			},
		}},
	}, nil)
	go server.Serve(listener)
	defer server.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	message := wrapperspb.String("lamp")
	for b.Loop() {
		if err := conn.Invoke(b.Context(), method, message, new(wrapperspb.StringValue)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGatherRoundTrip(b *testing.B) {
	client := shared(b)
	produce(b, client, "bench.gather", echo, atedispatcher.ProducerOptions{})
	options := atedispatcher.RequestOptions{Args: []any{"lamp"}}
	for b.Loop() {
		if _, _, err := client.GatherAll(b.Context(), "bench.gather", options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDispatch(b *testing.B) {
	client := shared(b)
	produce(b, client, "bench.dispatch", echo, atedispatcher.ProducerOptions{})
	options := atedispatcher.RequestOptions{Args: []any{"lamp"}}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Dispatch(b.Context(), "bench.dispatch", options); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSubmittedGatherRoundTrip(b *testing.B) {
	client := shared(b)
	produce(b, client, "bench.submitted.gather", echo, atedispatcher.ProducerOptions{})
	submitter := client.NewSubmitter()
	defer submitter.Close()
	options := atedispatcher.RequestOptions{Args: []any{"lamp"}}
	for b.Loop() {
		if _, _, err := submitter.GatherAll(b.Context(), "bench.submitted.gather", options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSubmittedDispatch(b *testing.B) {
	client := shared(b)
	produce(b, client, "bench.submitted.dispatch", echo, atedispatcher.ProducerOptions{})
	submitter := client.NewSubmitter()
	defer submitter.Close()
	options := atedispatcher.RequestOptions{Args: []any{"lamp"}}
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := submitter.Dispatch(b.Context(), "bench.submitted.dispatch", options); err != nil {
				b.Error(err)
			}
		}
	})
}
