package atedispatcher_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

func TestNothingIsLostWhenConnectionsReachTheirMaximumAge(t *testing.T) {
	server := serve(t, "--max-connection-age-ms", "2500ms", "--max-connection-age-grace-ms", "10s",
		"--keepalive-time-ms", "1s", "--keepalive-timeout-ms", "1s")
	producing, listening, calling := connect(t, server.address), connect(t, server.address), connect(t, server.address)
	var reconnects atomic.Int32
	slow := func(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Errorf("a handler lost its assignment: %v", context.Cause(ctx))
		}
		return echo(ctx, a)
	}
	// A request is rejected only if nobody can be asked, so two producers of a group relieve one another.
	for range 2 {
		producer := producing.NewProducer(nil, slow, atedispatcher.ProducerOptions{
			Registrations: []atedispatcher.Registration{{Topic: "aging", Group: "g"}},
			OnStatus: func(s atedispatcher.Status) {
				if s.Kind == atedispatcher.StatusReady {
					reconnects.Add(1)
				}
			},
		})
		background(t, producer.Run)
		if err := producer.Ready(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
	h := listen(t, listening, atedispatcher.ListenerOptions{}, "aging")
	submitter := calling.NewSubmitter()
	defer submitter.Close()
	asked := 0
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); {
		for name, gather := range map[string]func(context.Context, string, atedispatcher.RequestOptions) ([]*atedispatcher.Delivery, *atedispatcher.Summary, error){
			"a call of its own": calling.GatherAll, "the submitter": submitter.GatherAll,
		} {
			asked++
			options := atedispatcher.RequestOptions{Args: []any{asked}, TTL: testTimeout / 4, NoProducers: atedispatcher.NoProducersWait}
			if _, summary, err := gather(testContext(t), "aging", options); err != nil || summary.Answered != 1 {
				t.Fatalf("request %d by %s: got %+v, %v", asked, name, summary, err)
			}
		}
	}
	if got := numbers(t, h.untilResults(t, asked)); !slices.Equal(got, count(1, asked)) {
		t.Errorf("got %v", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.gaps) > 0 {
		t.Errorf("gaps %v", h.gaps)
	}
	if reconnects.Load() < 6 {
		t.Errorf("the producers had %d sessions", reconnects.Load())
	}
}

// The server is a fake, because a real one answers a registration also after go_away.
func TestNothingNewIsSentOnAStreamAfterGoAway(t *testing.T) {
	received := make(chan string, 100)
	address := serveFake(t, &fake{produce: func(nth int, stream grpc.BidiStreamingServer[dispatcherv1.ProduceRequest, dispatcherv1.ProduceResponse]) error {
		end := make(chan struct{}, 2)
		go func() {
			for {
				request, err := stream.Recv()
				if err != nil {
					return
				}
				for _, message := range request.GetMessages() {
					switch {
					case message.GetReply() != nil:
						received <- "reply"
						end <- struct{}{}
					case message.GetRegister() != nil:
						received <- "register"
						id := message.GetRegister().GetCorrelationId()
						_ = stream.Send(&dispatcherv1.ProduceResponse{Messages: []*dispatcherv1.DispatcherMessage{{
							Message: &dispatcherv1.DispatcherMessage_Registered{Registered: &dispatcherv1.Registered{CorrelationId: id}},
						}}})
					case message.GetDrain() != nil:
						end <- struct{}{}
					case message.GetUpdateCredit() != nil:
						received <- "credit"
					case message.GetHello() != nil:
						received <- "hello"
					}
				}
			}
		}()
		credits := []uint32{3, 5}
		messages := []*dispatcherv1.DispatcherMessage{{Message: &dispatcherv1.DispatcherMessage_Welcome{Welcome: &dispatcherv1.Welcome{
			ProducerId: "me", HeartbeatInterval: durationpb.New(time.Minute), MaxOutstanding: credits[nth-1],
		}}}}
		if nth == 1 {
			messages = append(messages,
				&dispatcherv1.DispatcherMessage{Message: &dispatcherv1.DispatcherMessage_Assignment{Assignment: &dispatcherv1.Assignment{
					AssignmentId: "a", Ttl: durationpb.New(time.Minute), Request: &dispatcherv1.Request{Topic: "t"},
				}}},
				&dispatcherv1.DispatcherMessage{Message: &dispatcherv1.DispatcherMessage_GoAway{GoAway: &dispatcherv1.GoAway{
					Reason: dispatcherv1.GoAwayReason_GO_AWAY_REASON_CONNECTION_AGE, Grace: durationpb.New(time.Minute),
				}}})
		}
		if err := stream.Send(&dispatcherv1.ProduceResponse{Messages: messages}); err != nil {
			return err
		}
		<-end
		return status.Error(codes.Unavailable, "CONNECTION_AGE")
	}})
	goingAway, release := make(chan struct{}), make(chan struct{})
	producer := connect(t, address).NewProducer([]string{"t"}, func(context.Context, *atedispatcher.Assignment) (atedispatcher.Result, error) {
		<-release
		return atedispatcher.Value(1), nil
	}, atedispatcher.ProducerOptions{Concurrency: 3, OnStatus: func(s atedispatcher.Status) {
		if s.Kind == atedispatcher.StatusGoingAway {
			close(goingAway)
		}
	}})
	background(t, producer.Run)
	<-goingAway
	registered := make(chan error, 1)
	go func() { registered <- producer.Register(testContext(t), "u", "") }()
	if err := producer.SetConcurrency(5); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-registered; err != nil {
		t.Error(err)
	}
	var got []string
	for range 4 {
		got = append(got, <-received)
	}
	// The reply goes to the old stream, and everything else to the new one.
	if !slices.Equal(got, []string{"hello", "reply", "hello", "register"}) {
		t.Errorf("got %v", got)
	}
}

func TestARequestThatAnAgingStreamRejectsGoesToAnotherOne(t *testing.T) {
	address := serveFake(t, &fake{submit: func(nth int, stream grpc.BidiStreamingServer[dispatcherv1.SubmitRequest, dispatcherv1.SubmitResponse]) error {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		id := request.GetSubmissions()[0].GetCorrelationId()
		if nth > 1 {
			return stream.Send(&dispatcherv1.SubmitResponse{Events: []*dispatcherv1.GatherEvent{{Event: &dispatcherv1.GatherEvent_Acceptance{
				Acceptance: &dispatcherv1.Acceptance{CorrelationId: id, RequestId: "accepted"},
			}}}})
		}
		return stream.Send(&dispatcherv1.SubmitResponse{Events: []*dispatcherv1.GatherEvent{{Event: &dispatcherv1.GatherEvent_Rejection{
			Rejection: &dispatcherv1.Rejection{CorrelationId: id, Status: connectionAge(t)},
		}}}})
	}})
	submitter := connect(t, address).NewSubmitter()
	defer submitter.Close()
	acceptance, err := submitter.Dispatch(testContext(t), "t", atedispatcher.RequestOptions{})
	if err != nil || acceptance.RequestID != "accepted" {
		t.Errorf("got %+v, %v", acceptance, err)
	}
	if errors.Is(err, atedispatcher.ErrUnavailable) {
		t.Error("the program has to repeat the request")
	}
}
