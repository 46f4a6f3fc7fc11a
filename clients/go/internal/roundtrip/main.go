// Command roundtrip measures round trips of this client and of a plain gRPC echo in Go, for `npm run bench:clients`.
// Its first argument selects one of the parts that bench/src/round-trip/peers.ts starts.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

const (
	method       = "/bench.Echo/Echo"
	payloadBytes = 100
)

func main() {
	ctx := context.Background()
	args := append(os.Args[1:], "", "", "", "")
	var err error
	switch args[0] {
	case "echo":
		err = echo()
	case "produce":
		err = produce(ctx, args[1], args[2])
	case "measure":
		err = measure(ctx, args[1], args[2], args[3])
	default:
		err = fmt.Errorf("unknown part %q; use echo, produce or measure", args[0])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func echo() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Echo",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Echo",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var message wrapperspb.BytesValue
				err := decode(&message)
				return &message, err
			},
		}},
	}, nil)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	fmt.Println("listening on", listener.Addr())
	return server.Serve(listener)
}

func produce(ctx context.Context, address, topic string) error {
	client, err := atedispatcher.NewClient(address)
	if err != nil {
		return err
	}
	defer client.Close()
	answer := func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Result{Data: a.Data}, nil
	}
	producer := client.NewProducer([]string{topic}, answer, atedispatcher.ProducerOptions{})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { _ = producer.Run(ctx) }()
	if err := producer.Ready(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func measure(ctx context.Context, address, topic, echoAddress string) error {
	client, err := atedispatcher.NewClient(address)
	if err != nil {
		return err
	}
	defer client.Close()
	conn, err := grpc.NewClient(echoAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	payload := make([]byte, payloadBytes)
	operations := map[string]func() error{
		"gather": func() error {
			results, _, err := client.GatherAll(ctx, topic, atedispatcher.RequestOptions{Data: payload})
			if err != nil {
				return err
			}
			if len(results) != 1 {
				return fmt.Errorf("got %d results, want 1", len(results))
			}
			data, err := results[0].Data()
			if err == nil && len(data) != payloadBytes {
				err = errors.New("the result has another size than the request")
			}
			return err
		},
		"echo": func() error {
			return conn.Invoke(ctx, method, wrapperspb.Bytes(payload), new(wrapperspb.BytesValue))
		},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var kind string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &kind, &count); err != nil {
			return err
		}
		durations := make([]time.Duration, count)
		for i := range durations {
			start := time.Now()
			if err := operations[kind](); err != nil {
				return err
			}
			durations[i] = time.Since(start)
		}
		slices.Sort(durations)
		fmt.Println(float64(durations[count/2].Nanoseconds()) / 1e3)
	}
	return lines.Err()
}
