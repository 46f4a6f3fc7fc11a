package atedispatcher_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

func shared(t testing.TB, options ...atedispatcher.Option) *atedispatcher.Client {
	t.Helper()
	return connect(t, os.Getenv(addressVariable), options...)
}

func TestValuesPassThroughUnchanged(t *testing.T) {
	client := shared(t)
	produce(t, client, "values", echo, atedispatcher.ProducerOptions{})

	results, summary := mustGather(t, client, "values", atedispatcher.RequestOptions{
		Args:   []any{3, -0.5, "x", nil, true, []int{1, 2}, map[string]any{"a": []any{}}},
		Kwargs: map[string]any{"ttl": 1, "topic": "t", "reply_to": nil, "": "empty"},
	})

	value, err := results[0].Value()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"args":   []any{3.0, -0.5, "x", nil, true, []any{1.0, 2.0}, map[string]any{"a": []any{}}},
		"kwargs": map[string]any{"ttl": 1.0, "topic": "t", "reply_to": nil, "": "empty"},
	}
	if !reflect.DeepEqual(value, want) {
		t.Errorf("got %v, want %v", value, want)
	}
	if summary.Reason != atedispatcher.ReasonAllAnswered || !summary.Satisfied || summary.Answered != 1 {
		t.Errorf("got %+v", summary)
	}
}

func TestBytesPassThroughUnchanged(t *testing.T) {
	client := shared(t)
	produce(t, client, "bytes", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		result := atedispatcher.Data(a.Data, a.ContentType)
		result.Attributes = a.Attributes
		return result, nil
	}, atedispatcher.ProducerOptions{})
	for _, data := range [][]byte{{0, 255, 10}, {}} {
		results, _ := mustGather(t, client, "bytes", atedispatcher.RequestOptions{
			Data: data, ContentType: "image/png", Attributes: map[string]string{"k": "v"},
		})
		got, err := results[0].Data()
		if err != nil || got == nil || !reflect.DeepEqual(append([]byte{}, got...), data) {
			t.Errorf("got %v, %v, want %v", got, err, data)
		}
		if results[0].ContentType() != "image/png" || results[0].Attributes()["k"] != "v" {
			t.Errorf("got %q, %v", results[0].ContentType(), results[0].Attributes())
		}
		if value, err := results[0].Value(); value != nil || err != nil {
			t.Errorf("the value of bytes is %v, %v", value, err)
		}
	}
}

func TestRejectionsMatchTheirSentinels(t *testing.T) {
	client := shared(t)
	ctx := testContext(t)

	_, err := client.Dispatch(ctx, "not a topic", atedispatcher.RequestOptions{})
	failure, ok := errors.AsType[*atedispatcher.Error](err)
	if !ok || !errors.Is(err, atedispatcher.ErrInvalidArgument) || failure.Reason != "INVALID_FIELD" {
		t.Fatalf("got %v", err)
	}
	if len(failure.FieldViolations) != 1 || failure.FieldViolations[0].Field != "request.topic" {
		t.Errorf("got %v", failure.FieldViolations)
	}
	if failure.Retryable() || status.Code(err) != codes.InvalidArgument {
		t.Errorf("retryable %v, code %v", failure.Retryable(), status.Code(err))
	}

	options := atedispatcher.RequestOptions{NoProducers: atedispatcher.NoProducersFail}
	if _, err := client.Gather(ctx, "nobody", options); !errors.Is(err, atedispatcher.ErrNoProducers) {
		t.Errorf("got %v", err)
	}
	if _, err := client.CancelRequest(ctx, "unheard-of"); !errors.Is(err, atedispatcher.ErrRequestNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := client.UpdateListener(ctx, "x", nil, nil); !errors.Is(err, atedispatcher.ErrListenerNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := client.Dispatch(ctx, "t", atedispatcher.RequestOptions{ExcludeListeners: true}); !errors.Is(err, atedispatcher.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestARetryWithTheSameIDIsTheSameRequest(t *testing.T) {
	client := shared(t)
	ctx := testContext(t)
	options := atedispatcher.RequestOptions{
		RequestID:  "order-1",
		Kwargs:     map[string]any{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5},
		Attributes: map[string]string{"f": "6", "g": "7", "h": "8"},
	}
	for range 20 {
		if _, err := client.Dispatch(ctx, "again", options); err != nil {
			t.Fatal(err)
		}
	}
	options.Kwargs = map[string]any{"a": 2}
	if _, err := client.Dispatch(ctx, "again", options); !errors.Is(err, atedispatcher.ErrRequestIDReused) {
		t.Errorf("got %v", err)
	}
}

func TestValidateDoesNotScatter(t *testing.T) {
	client := shared(t)
	asked := make(chan struct{}, 1)
	produce(t, client, "validated", func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
		asked <- struct{}{}
		return atedispatcher.Result{}, nil
	}, atedispatcher.ProducerOptions{ID: "would-be"})

	acceptance, err := client.Validate(testContext(t), "validated", atedispatcher.RequestOptions{})
	if err != nil || len(acceptance.Targets) != 1 || acceptance.Targets[0].ProducerID != "would-be" {
		t.Fatalf("got %+v, %v", acceptance, err)
	}
	mustGather(t, client, "validated", atedispatcher.RequestOptions{})
	if len(asked) != 1 {
		t.Errorf("the handler was called %d times", len(asked))
	}
}

func TestTheContextsDeadlineIsTheTTLAndTheSummaryStillArrives(t *testing.T) {
	client := shared(t)
	produce(t, client, "silent", func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
		<-ctx.Done()
		return atedispatcher.Result{}, context.Cause(ctx)
	}, atedispatcher.ProducerOptions{ID: "silent-one"})

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	results, summary, err := client.GatherAll(ctx, "silent", atedispatcher.RequestOptions{})
	if err != nil || len(results) != 0 {
		t.Fatalf("got %v, %v", results, err)
	}
	if summary.Reason != atedispatcher.ReasonExpired || summary.Outcomes[0].State != atedispatcher.StateMissed {
		t.Errorf("got %+v", summary)
	}
}

func TestTheEndOfTheContextCancelsTheGather(t *testing.T) {
	client := shared(t)
	causes := make(chan error, 1)
	produce(t, client, "abandoned", func(ctx context.Context, _ *atedispatcher.Assignment) (atedispatcher.Result, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return atedispatcher.Result{}, nil
	}, atedispatcher.ProducerOptions{})

	why := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	gather, err := client.Gather(ctx, "abandoned", atedispatcher.RequestOptions{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	cancel(why)
	for _, err := range gather.Results() {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	}
	if cause := <-causes; !errors.Is(cause, atedispatcher.ErrCallerGone) {
		t.Errorf("the handler's context ended with %v", cause)
	}
}

func TestSummaryDropsTheResultsThatWereNotRead(t *testing.T) {
	client := shared(t)
	for range 3 {
		produce(t, client, "left", echo, atedispatcher.ProducerOptions{})
	}
	gather, err := client.Gather(testContext(t), "left", atedispatcher.RequestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer gather.Close()
	for result, err := range gather.Results() {
		if err != nil || result.Ordinal != 1 {
			t.Fatalf("got %+v, %v", result, err)
		}
		break
	}
	summary, err := gather.Summary()
	if err != nil || summary.Answered != 3 {
		t.Fatalf("got %+v, %v", summary, err)
	}
	for result := range gather.Results() {
		t.Errorf("a result after the end: %+v", result)
	}
}

func TestAClosedGatherAndAClosedClientFail(t *testing.T) {
	client := shared(t)
	gather, err := client.Gather(testContext(t), "closed", atedispatcher.RequestOptions{
		TTL: time.Minute, NoProducers: atedispatcher.NoProducersWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	gather.Close()
	if _, err := gather.Summary(); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	client.Close()
	if _, err := client.Dispatch(t.Context(), "closed", atedispatcher.RequestOptions{}); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := client.WaitForReady(t.Context()); !errors.Is(err, atedispatcher.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestCallsFailSoonWithoutAServer(t *testing.T) {
	client := connect(t, "127.0.0.1:1")
	_, err := client.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
	failure, ok := errors.AsType[*atedispatcher.Error](err)
	if !ok || !errors.Is(err, atedispatcher.ErrUnavailable) || !failure.Retryable() {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := client.WaitForReady(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTraceContextReachesHandlerAndResult(t *testing.T) {
	client := shared(t)
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	produce(t, client, "traced", func(_ context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		return atedispatcher.Value(a.Context["traceparent"]), nil
	}, atedispatcher.ProducerOptions{})
	results, _ := mustGather(t, client, "traced", atedispatcher.RequestOptions{
		Context: map[string]string{"traceparent": traceparent},
	})
	if value, err := results[0].Value(); err != nil || value != traceparent || results[0].Context["traceparent"] != traceparent {
		t.Errorf("got %v, %v, %v", value, err, results[0].Context)
	}
}
