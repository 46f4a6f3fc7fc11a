package atedispatcher_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

func TestImpossibleOptionsAreRefusedByName(t *testing.T) {
	type D = time.Duration
	client := shared(t)
	reconnect := func(r atedispatcher.Reconnect) func(context.Context) error {
		return func(context.Context) error {
			_, err := atedispatcher.NewClient("127.0.0.1:1", atedispatcher.WithReconnect(r))
			return err
		}
	}
	address := func(address string) func(context.Context) error {
		return func(context.Context) error {
			_, err := atedispatcher.NewClient(address)
			return err
		}
	}
	produce := func(options atedispatcher.ProducerOptions) func(context.Context) error {
		return client.NewProducer([]string{"t"}, echo, options).Run
	}
	request := func(options atedispatcher.RequestOptions) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.Dispatch(ctx, "t", options)
			return err
		}
	}
	listen := func(options atedispatcher.ListenerOptions) func(context.Context) error {
		return client.NewListener([]string{"t"}, options).Run
	}
	for name, c := range map[string]struct {
		field string
		call  func(context.Context) error
	}{
		"a URL":                   {"address", address("http://127.0.0.1:50051")},
		"a secure URL":            {"address", address("grpcs://127.0.0.1:50051")},
		"no port":                 {"address", address("localhost")},
		"an impossible port":      {"address", address("localhost:65536")},
		"a port that is a word":   {"address", address("localhost:http")},
		"spaces":                  {"address", address(" localhost:50051")},
		"no host and no port":     {"address", address(":")},
		"negative initial delay":  {"reconnect.initial_delay", reconnect(atedispatcher.Reconnect{InitialDelay: -1})},
		"negative maximum delay":  {"reconnect.max_delay", reconnect(atedispatcher.Reconnect{MaxDelay: -1})},
		"a multiplier below 1":    {"reconnect.multiplier", reconnect(atedispatcher.Reconnect{Multiplier: 0.5})},
		"a multiplier of NaN":     {"reconnect.multiplier", reconnect(atedispatcher.Reconnect{Multiplier: math.NaN()})},
		"a jitter above 1":        {"reconnect.jitter", reconnect(atedispatcher.Reconnect{Jitter: 1.5})},
		"a jitter of NaN":         {"reconnect.jitter", reconnect(atedispatcher.Reconnect{Jitter: math.NaN()})},
		"negative concurrency":    {"concurrency", produce(atedispatcher.ProducerOptions{Concurrency: -1})},
		"negative backlog":        {"max_backlog", produce(atedispatcher.ProducerOptions{MaxBacklog: -1})},
		"negative grace":          {"grace", produce(atedispatcher.ProducerOptions{Grace: -1})},
		"no handler":              {"handler", client.NewProducer([]string{"t"}, nil, atedispatcher.ProducerOptions{}).Run},
		"negative buffer":         {"buffer_bytes", listen(atedispatcher.ListenerOptions{BufferBytes: -1})},
		"negative TTL":            {"request.ttl", request(atedispatcher.RequestOptions{TTL: -1})},
		"negative stall timeout":  {"request.completion.stall_timeout", request(atedispatcher.RequestOptions{Completion: atedispatcher.Completion{StallTimeout: -1}})},
		"negative result count":   {"request.completion.result_count", request(atedispatcher.RequestOptions{Completion: atedispatcher.Completion{ResultCount: -1}})},
		"an unknown losers":       {"request.completion.loser_action", request(atedispatcher.RequestOptions{Completion: atedispatcher.Completion{Losers: 7}})},
		"an unknown no producers": {"request.no_producers_action", request(atedispatcher.RequestOptions{NoProducers: 7})},
		"a context with a space":  {"context", request(atedispatcher.RequestOptions{Context: map[string]string{"trace parent": "x"}})},
		"a context with umlauts":  {"context", request(atedispatcher.RequestOptions{Context: map[string]string{"tracestate": "ä"}})},
		"metadata of gRPC": {"metadata", func(context.Context) error {
			_, err := atedispatcher.NewClient("127.0.0.1:1", atedispatcher.WithMetadata(map[string]string{"grpc-timeout": "1S"}))
			return err
		}},
		"metadata with a newline": {"metadata", func(context.Context) error {
			_, err := atedispatcher.NewClient("127.0.0.1:1", atedispatcher.WithMetadata(map[string]string{"authorization": "a\nb"}))
			return err
		}},
	} {
		atOnce(t, name, func(err error) bool {
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			return ok && failure.Code == codes.InvalidArgument && len(failure.FieldViolations) == 1 && strings.HasPrefix(failure.FieldViolations[0].Field, c.field)
		}, c.call)
	}
	for _, good := range []string{"", "localhost:50051", "[::1]:50051", "10.0.0.1:1", "dns:///localhost:50051", "passthrough:///x", "unix:/tmp/socket", "unix:///tmp/socket"} {
		client, err := atedispatcher.NewClient(good)
		if err != nil {
			t.Errorf("%q: %v", good, err)
			continue
		}
		client.Close()
	}
}

func TestAnErrorNamesEveryFieldThatIsWrong(t *testing.T) {
	client := shared(t)
	submitter := newSubmitter(t, client)
	producer, _ := produce(t, client, "wrong.fields", echo, atedispatcher.ProducerOptions{})
	live := listen(t, client, atedispatcher.ListenerOptions{}, "wrong.fields")
	huge := strings.Repeat("x", 100_000)
	checkedByTheServer := atedispatcher.RequestOptions{
		TTL: -1, RequestID: "ünicode", NoProducers: -1,
		Completion: atedispatcher.Completion{QuorumPercent: 101, StallTimeout: -1, Losers: math.MaxInt},
	}
	server := []string{
		"request.topic", "request.ttl", "request.request_id", "request.completion.quorum_percent", "request.completion.stall_timeout",
		"request.completion.loser_action", "request.no_producers_action",
	}
	checkedHere := atedispatcher.RequestOptions{
		ContentType: "\xff", RequestID: "\xff", Attributes: map[string]string{"a": "\xff"}, Context: map[string]string{"a b": ""},
		Completion: atedispatcher.Completion{ResultCount: -1, QuorumPercent: -1, MinResults: -1},
		Selector: atedispatcher.Selector{
			ProducerIDs: []string{"a", "\xff"}, MatchLabels: map[string]string{"\xff": ""}, MaxTargets: math.MaxUint32 + 1,
		},
	}
	here := []string{
		"request.topic", "request.content_type", "request.request_id", "request.attributes", "context", "request.completion.min_results",
		"request.completion.result_count", "request.completion.quorum_percent", "request.completion", "request.selector.producer_ids",
		"request.selector.match_labels", "request.selector.max_targets",
	}
	for name, c := range map[string]struct {
		fields []string
		call   func(context.Context) error
	}{
		"Dispatch": {server, func(ctx context.Context) error {
			_, err := client.Dispatch(ctx, "not a topic", checkedByTheServer)
			return err
		}},
		"Gather": {server, func(ctx context.Context) error {
			_, err := client.Gather(ctx, "not a topic", checkedByTheServer)
			return err
		}},
		"Dispatch of a submitter": {server, func(ctx context.Context) error {
			_, err := submitter.Dispatch(ctx, "not a topic", checkedByTheServer)
			return err
		}},
		"Gather of a submitter": {server, func(ctx context.Context) error {
			_, err := submitter.Gather(ctx, "not a topic", checkedByTheServer)
			return err
		}},
		"values that cannot be sent": {here, func(ctx context.Context) error {
			_, err := submitter.Gather(ctx, "\xff", checkedHere)
			return err
		}},
		"Dispatch without listeners": {[]string{"exclude_listeners", "request.selector.max_targets"}, func(ctx context.Context) error {
			_, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{ExcludeListeners: true, Selector: atedispatcher.Selector{MaxTargets: -1}})
			return err
		}},
		"NewClient": {[]string{"address", "credentials", "reconnect.initial_delay", "reconnect.jitter", "metadata"}, func(context.Context) error {
			_, err := atedispatcher.NewClient("http://x", atedispatcher.WithTransportCredentials(nil), atedispatcher.WithMetadata(map[string]string{"": ""}),
				atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: -1, Jitter: 2}))
			return err
		}},
		"a producer": {[]string{"handler", "concurrency", "max_backlog", "grace", "registrations[1].topic", "registrations[1].group"},
			client.NewProducer([]string{"t"}, nil, atedispatcher.ProducerOptions{
				Concurrency: -1, MaxBacklog: -1, Grace: -1, Registrations: []atedispatcher.Registration{{Topic: huge, Group: huge}},
			}).Run},
		"Register": {[]string{"topic", "group"}, func(ctx context.Context) error { return producer.Register(ctx, huge, huge) }},
		"a listener": {[]string{"listener_id", "topics[0]", "group", "buffer_bytes"},
			client.NewListener([]string{"not a topic"}, atedispatcher.ListenerOptions{ID: "a b", Group: "a b", BufferBytes: 1}).Run},
		"a listener that cannot be sent": {[]string{"listener_id", "topics[1]", "group", "buffer_bytes"},
			client.NewListener([]string{"t", huge}, atedispatcher.ListenerOptions{ID: huge, Group: huge, BufferBytes: -1}).Run},
		"Add":    {[]string{"add_topics[1]"}, func(ctx context.Context) error { return live.Add(ctx, "t", "not a topic") }},
		"Remove": {[]string{"remove_topics[1]"}, func(ctx context.Context) error { return live.Remove(ctx, "t", huge) }},
		"UpdateListener": {[]string{"listener_id", "add_topics[0]", "remove_topics[0]"}, func(ctx context.Context) error {
			_, err := client.UpdateListener(ctx, "a b", []string{"not a topic"}, []string{"a..b"})
			return err
		}},
		"an UpdateListener with a huge topic": {[]string{"add_topics[0]"}, func(ctx context.Context) error {
			_, err := client.UpdateListener(ctx, "x", []string{huge}, nil)
			return err
		}},
		"an UpdateListener that cannot be sent": {[]string{"listener_id", "add_topics[1]", "remove_topics[0]"}, func(ctx context.Context) error {
			_, err := client.UpdateListener(ctx, huge, []string{"t", huge}, []string{huge})
			return err
		}},
	} {
		atOnce(t, name, func(err error) bool {
			failure, ok := errors.AsType[*atedispatcher.Error](err)
			if !ok || failure.Code != codes.InvalidArgument || failure.Reason != "INVALID_FIELD" {
				return false
			}
			var fields []string
			for _, violation := range failure.FieldViolations {
				fields = append(fields, violation.Field)
			}
			return slices.Equal(fields, c.fields)
		}, c.call)
	}
}

func TestDurationsOfYearsDoNotOverflow(t *testing.T) {
	const years = time.Duration(math.MaxInt64)
	client := shared(t, atedispatcher.WithReconnect(atedispatcher.Reconnect{InitialDelay: years / 2, MaxDelay: years}))
	ctx, cancel := context.WithTimeout(t.Context(), 30*24*time.Hour)
	defer cancel()
	produce(t, client, "years", echo, atedispatcher.ProducerOptions{Grace: years})
	received := make(chan *atedispatcher.Delivery, 2)
	listener := client.NewListener([]string{"years"}, atedispatcher.ListenerOptions{
		OnResult: func(_ context.Context, result *atedispatcher.Delivery) { received <- result },
	})
	listening := background(t, func(stopped context.Context) error {
		// The context's deadline is the lifetime of the stream.
		run, end := context.WithDeadline(stopped, time.Now().Add(30*24*time.Hour))
		defer end()
		return listener.Run(run)
	})
	if err := listener.Ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	submitter := client.NewSubmitter()
	defer submitter.Close()
	options := atedispatcher.RequestOptions{TTL: 10 * time.Minute}
	if _, summary, err := client.GatherAll(ctx, "years", options); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	if _, summary, err := submitter.GatherAll(ctx, "years", options); err != nil || summary.Answered != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
	for range 2 {
		select {
		case <-received:
		case <-time.After(testTimeout):
			t.Fatal("the listener is deaf")
		}
	}
	if _, err := client.Dispatch(ctx, "years", atedispatcher.RequestOptions{TTL: years}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("got %v", err)
	}
	if err := listening.end(t); err != nil {
		t.Error(err)
	}
}

func TestAServerMayNameDurationsOfYears(t *testing.T) {
	const years = time.Duration(math.MaxInt64)
	address := serveFake(t, &fake{listen: func(nth int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
		if nth == 1 {
			ready := readyEvent()
			ready.GetReady().HeartbeatInterval = durationpb.New(years)
			send(t, stream, ready, &dispatcherv1.ListenerEvent{Event: &dispatcherv1.ListenerEvent_Delivery{
				Delivery: &dispatcherv1.Delivery{Topic: "t", Sequence: 1},
			}})
			// A listener that takes the interval for an elapsed one ends the stream at once.
			select {
			case <-stream.Context().Done():
				t.Error("the listener ended the stream")
			case <-time.After(200 * time.Millisecond):
			}
		}
		return retryLater(t, years)
	}})
	h := listen(t, connect(t, address), atedispatcher.ListenerOptions{}, "t")
	h.untilResults(t, 1)
	if lost := h.untilStatus(t, atedispatcher.StatusDisconnected, 1); lost.RetryIn < 100*365*24*time.Hour {
		t.Errorf("reconnects in %v", lost.RetryIn)
	}
	if err := h.end(t); err != nil {
		t.Error(err)
	}
}

// The server is a fake, because a real one replaces a malformed result.
func TestAnUndecodableResultAffectsNoOtherResult(t *testing.T) {
	malformed, good := []byte{0x0a, 0x03, 0x1a, 0x01, 0xff}, []byte{0x0a, 0x02, 0x20, 0x01}
	deliveries := func() (all []*dispatcherv1.Delivery) {
		for i, result := range [][]byte{malformed, good} {
			delivery := &dispatcherv1.Delivery{Topic: "t", Sequence: uint64(i + 1)}
			delivery.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 12, protowire.BytesType), result))
			all = append(all, delivery)
		}
		return all
	}
	client := connect(t, serveFake(t, &fake{
		listen: func(_ int, _ *dispatcherv1.ListenRequest, stream grpc.ServerStreamingServer[dispatcherv1.ListenResponse]) error {
			send(t, stream, readyEvent())
			for _, delivery := range deliveries() {
				send(t, stream, &dispatcherv1.ListenerEvent{Event: &dispatcherv1.ListenerEvent_Delivery{Delivery: delivery}})
			}
			<-stream.Context().Done()
			return nil
		},
		gather: func(stream grpc.ServerStreamingServer[dispatcherv1.GatherResponse]) error {
			events := []*dispatcherv1.GatherEvent{{Event: &dispatcherv1.GatherEvent_Acceptance{
				Acceptance: &dispatcherv1.Acceptance{RequestId: "r", Ttl: durationpb.New(time.Minute)},
			}}}
			for _, delivery := range deliveries() {
				events = append(events, &dispatcherv1.GatherEvent{Event: &dispatcherv1.GatherEvent_Delivery{Delivery: delivery}})
			}
			events = append(events, &dispatcherv1.GatherEvent{Event: &dispatcherv1.GatherEvent_Summary{
				Summary: &dispatcherv1.Summary{RequestId: "r", AnsweredCount: 1},
			}})
			return stream.Send(&dispatcherv1.GatherResponse{Events: events})
		},
	}))
	h := listen(t, client, atedispatcher.ListenerOptions{}, "t")
	results, summary := mustGather(t, client, "t", atedispatcher.RequestOptions{})
	if summary.Answered != 1 {
		t.Errorf("got %+v", summary)
	}
	for _, all := range [][]*atedispatcher.Delivery{results, h.untilResults(t, 2)} {
		if err := all[0].Err(); !errors.Is(err, atedispatcher.ErrUndecodableResult) {
			t.Errorf("got %v", err)
		}
		if _, err := all[0].Data(); !errors.Is(err, atedispatcher.ErrUndecodableResult) {
			t.Errorf("got %v", err)
		}
		if value, err := all[1].Value(); value != true || err != nil {
			t.Errorf("got %v, %v", value, err)
		}
	}
}

func TestOddNamesAndNumbersPassUnchanged(t *testing.T) {
	client := shared(t)
	produce(t, client, "odd.names", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		if len(a.Kwargs) == 0 {
			return atedispatcher.Result{}, &atedispatcher.Error{Code: codes.NotFound, Message: "Größe fehlt 🙂", Metadata: map[string]string{"__proto__": "ü"}}
		}
		return atedispatcher.Value(a.Kwargs), nil
	}, atedispatcher.ProducerOptions{})
	odd := map[string]any{"__proto__": 1.0, "constructor": "ä", "": nil, "toString": []any{-0.0}, "NaN": "NaN"}
	results, _ := mustGather(t, client, "odd.names", atedispatcher.RequestOptions{Kwargs: odd})
	if len(results) != 1 {
		t.Fatalf("%d results", len(results))
	}
	got, err := results[0].Value()
	if fields, ok := got.(map[string]any); err != nil || !ok || len(fields) != len(odd) || fields["constructor"] != "ä" || fields["__proto__"] != 1.0 {
		t.Errorf("got %v, %v", got, err)
	}
	results, _ = mustGather(t, client, "odd.names", atedispatcher.RequestOptions{})
	failure, ok := errors.AsType[*atedispatcher.Error](results[0].Err())
	if !ok || failure.Message != "Größe fehlt 🙂" || failure.Metadata["__proto__"] != "ü" {
		t.Errorf("got %v", results[0].Err())
	}
}
