package atedispatcher_test

// This file has the five examples that every client has, in the same order, one with TLS and a token, and one for
// Submitter. README.md shows parts of them, which readme_test.go checks.

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// Serve a topic: the handler's value is the result, and an error becomes an error result.
func ExampleClient_NewProducer() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	handler := func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		var order struct{ Quantity int }
		if err := a.DecodeKwargs(&order); err != nil {
			return atedispatcher.Result{}, err
		}
		if order.Quantity > 100 {
			return atedispatcher.Result{}, &atedispatcher.Error{Code: codes.OutOfRange, Message: "only 100 are left"}
		}
		return atedispatcher.Value(map[string]any{"price": 4 * order.Quantity}), nil
	}
	vendor := client.NewProducer([]string{"quotes.lamp"}, handler, atedispatcher.ProducerOptions{
		ID:          "vendor",
		Concurrency: 4, // further assignments wait at the dispatcher, within their TTL
	})
	go vendor.Run(ctx)      // until the context ends, then finishes outstanding assignments
	defer vendor.Close(ctx) // the same at once, and waits for the end
	if err := vendor.Ready(ctx); err != nil {
		log.Fatal(err)
	}

	for _, quantity := range []int{3, 300} {
		results, _, err := client.GatherAll(ctx, "quotes.lamp", atedispatcher.RequestOptions{
			Kwargs: map[string]any{"quantity": quantity},
		})
		if err != nil {
			log.Fatal(err)
		}
		value, err := results[0].Value()
		fmt.Println(results[0].ProducerID, value, err)
	}
	// Output:
	// vendor map[price:12] <nil>
	// vendor <nil> OUT_OF_RANGE: only 100 are left
}

// Listen to the results on topics, no matter which client sent the requests.
func ExampleListener_Results() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	listener := client.NewListener([]string{"sensors.*"}, atedispatcher.ListenerOptions{
		OnGap: func(gap atedispatcher.Gap) { log.Println("lost", gap.LostCount, "results of", gap.Topic) },
	})
	go func() {
		if err := listener.Ready(ctx); err == nil {
			poll(ctx, client, "sensors.north", "sensors.south")
		}
	}()
	received := 0
	for result, err := range listener.Results(ctx) {
		if err != nil {
			log.Fatal(err) // no further result can follow
		}
		if value, err := result.Value(); err != nil {
			fmt.Println(result.ProducerID, "failed:", err)
		} else {
			fmt.Println(result.Topic, result.ProducerID, value)
		}
		if received++; received == 2 {
			break // another loop would resume here
		}
	}
	// Output:
	// sensors.north north 21.5
	// sensors.south south 21.5
}

// Dispatch a request: its results go to the listeners, and the acceptance lists its targets at once.
func ExampleClient_Dispatch() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	defer answer(ctx, client, "agent-1", "fleet", 0)()

	acceptance, err := client.Dispatch(ctx, "fleet", atedispatcher.RequestOptions{
		Args:        []any{"report", 3},
		Kwargs:      map[string]any{"verbose": true},
		TTL:         2 * time.Second,
		NoProducers: atedispatcher.NoProducersFail,
	})
	if errors.Is(err, atedispatcher.ErrNoProducers) {
		log.Fatal("no producers")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", len(acceptance.Targets), "producer:", acceptance.Targets[0].ProducerID)
	// Output:
	// sent to 1 producer: agent-1
}

// Gather with a policy: the first success completes the request, and the other assignments are revoked.
func ExampleClient_Gather() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	defer answer(ctx, client, "fast-model", "models", 0)()
	defer answer(ctx, client, "slow-model", "models", time.Minute)()

	gather, err := client.Gather(ctx, "models", atedispatcher.RequestOptions{
		Kwargs:     map[string]any{"prompt": "hello"},
		Completion: atedispatcher.Completion{FirstSuccess: true, StallTimeout: time.Second},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer gather.Close()
	for result, err := range gather.Results() {
		if err != nil {
			log.Fatal(err)
		}
		value, err := result.Value()
		fmt.Println(result.ProducerID, value, err)
	}
	summary, err := gather.Summary()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Reason, summary.Satisfied)
	for _, outcome := range summary.Outcomes {
		fmt.Println(outcome.ProducerID, outcome.State)
	}
	// Output:
	// fast-model 21.5 <nil>
	// POLICY_MET true
	// fast-model ANSWERED
	// slow-model CANCELLED
}

// Cancel a request by its id: its assignments are revoked, and the summary says what they had achieved.
func ExampleClient_CancelRequest() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	defer answer(ctx, client, "archive", "search", time.Minute)()

	acceptance, err := client.Dispatch(ctx, "search", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	summary, err := client.CancelRequest(ctx, acceptance.RequestID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Reason, summary.Outcomes[0].ProducerID, summary.Outcomes[0].State)
	// Output:
	// CANCELLED archive CANCELLED
}

// Submit many requests on one stream, from any number of goroutines.
func ExampleClient_NewSubmitter() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := atedispatcher.NewClient(os.Getenv("ATE_DISPATCHER_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	defer answer(ctx, client, "many", "many", 0)()

	submitter := client.NewSubmitter()
	defer submitter.Close()
	for range 2 {
		_, summary, err := submitter.GatherAll(ctx, "many", atedispatcher.RequestOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(summary.Reason)
	}
	// Output:
	// ALL_ANSWERED
	// ALL_ANSWERED
}

// Connect with TLS and a token, which is read from its file for every call and whenever a stream is opened.
func Example_secured() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	ca, err := os.ReadFile(os.Getenv("SECURED_CA"))
	if err != nil {
		log.Fatal(err)
	}
	readToken := func(context.Context) (string, error) {
		text, err := os.ReadFile(os.Getenv("SECURED_TOKEN_FILE"))
		return strings.TrimSpace(string(text)), err
	}
	client, err := atedispatcher.NewClient(os.Getenv("SECURED_ADDRESS"),
		atedispatcher.WithTLS(atedispatcher.TLS{CA: ca}),
		atedispatcher.WithTokenFunc(readToken),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	defer answer(ctx, client, "vault", "secured", 0)()
	results, summary, err := client.GatherAll(ctx, "secured", atedispatcher.RequestOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(results[0].ProducerID, summary.Reason)
	// Output:
	// vault ALL_ANSWERED
}

// answer starts a producer that answers 21.5 after a delay, and returns a function that closes it.
func answer(ctx context.Context, client *atedispatcher.Client, id, topic string, delay time.Duration) (stop func()) {
	handler := func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		select {
		case <-time.After(delay):
			return atedispatcher.Value(21.5), nil
		case <-ctx.Done():
			return atedispatcher.Result{}, context.Cause(ctx)
		}
	}
	producer := client.NewProducer([]string{topic}, handler, atedispatcher.ProducerOptions{ID: id})
	go producer.Run(ctx)
	if err := producer.Ready(ctx); err != nil && !errors.Is(err, atedispatcher.ErrClosed) {
		log.Fatal(err)
	}
	return func() { producer.Close(ctx) }
}

// poll gathers from one producer on each topic, one after the other, until the client is closed.
func poll(ctx context.Context, client *atedispatcher.Client, topics ...string) {
	for _, topic := range topics {
		stop := answer(ctx, client, topic[len("sensors."):], topic, 0)
		_, _, err := client.GatherAll(ctx, topic, atedispatcher.RequestOptions{})
		stop()
		if err != nil {
			return
		}
	}
}
