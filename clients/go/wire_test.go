package atedispatcher

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// marshal encodes by the generated code, which the hand-written code must match.
func marshal(t *testing.T, message proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFieldNumbersMatchTheContract(t *testing.T) {
	for _, c := range []struct {
		message proto.Message
		numbers []event
	}{
		{&dispatcherv1.GatherEvent{}, []event{
			{eventDelivery, []byte("delivery")}, {eventSummary, []byte("summary")}, {eventHeartbeat, []byte("heartbeat")},
			{eventGoAway, []byte("go_away")}, {eventAcceptance, []byte("acceptance")}, {eventRejection, []byte("rejection")},
		}},
		{&dispatcherv1.ListenerEvent{}, []event{
			{eventDelivery, []byte("delivery")}, {eventSummary, []byte("summary")}, {eventHeartbeat, []byte("heartbeat")},
			{eventGoAway, []byte("go_away")}, {eventReady, []byte("ready")}, {eventGap, []byte("gap")},
			{eventTopicsChanged, []byte("topics_changed")},
		}},
		{&dispatcherv1.DispatcherMessage{}, []event{
			{messageAssignment, []byte("assignment")}, {messageRevocation, []byte("revocation")},
			{messageHeartbeat, []byte("heartbeat")}, {messageGoAway, []byte("go_away")},
			{messageDisposition, []byte("disposition")}, {messageWelcome, []byte("welcome")},
			{messageRegistered, []byte("registered")}, {messageDeregistered, []byte("deregistered")},
			{messageDrained, []byte("drained")}, {messageFault, []byte("fault")},
		}},
	} {
		fields := c.message.ProtoReflect().Descriptor().Fields()
		if fields.Len() != len(c.numbers) {
			t.Errorf("%s has %d fields", c.message.ProtoReflect().Descriptor().Name(), fields.Len())
		}
		for _, known := range c.numbers {
			if field := fields.ByNumber(known.number); field == nil || string(field.Name()) != string(known.body) {
				t.Errorf("%d is %v, not %s", known.number, field, known.body)
			}
		}
	}
}

func TestADeliveryIsDecodedExceptItsResult(t *testing.T) {
	result := &dispatcherv1.Result{
		Outcome:     &dispatcherv1.Result_Value{Value: structpb.NewStringValue("x")},
		ContentType: "text/plain", Attributes: map[string]string{"a": "b", "c": ""},
	}
	received := time.Date(2026, 3, 1, 12, 0, 0, 882101050, time.UTC)
	batch := marshal(t, &dispatcherv1.ListenResponse{Events: []*dispatcherv1.ListenerEvent{
		{Event: &dispatcherv1.ListenerEvent_Heartbeat{Heartbeat: &dispatcherv1.Heartbeat{}}},
		{Event: &dispatcherv1.ListenerEvent_Delivery{Delivery: &dispatcherv1.Delivery{
			RequestId: "r", Topic: "t", ProducerId: "p", Group: "g", Ordinal: 3, More: true, Sequence: 1 << 60,
			Latency: durationpb.New(203771914), ReceiveTime: timestamppb.New(received), Late: true,
			Context: map[string]string{"traceparent": "00"}, Result: result,
		}}},
	}})
	events, err := readBatch(batch)
	if err != nil || len(events) != 2 || events[1].number != eventDelivery {
		t.Fatalf("got %v, %v", events, err)
	}
	got, err := readDelivery(events[1].body)
	if err != nil {
		t.Fatal(err)
	}
	if value, err := got.Value(); err != nil || value != "x" || got.ContentType() != "text/plain" {
		t.Errorf("got %v, %v", value, err)
	}
	if !reflect.DeepEqual(got.Attributes(), result.Attributes) || !reflect.DeepEqual(got.Context, map[string]string{"traceparent": "00"}) {
		t.Errorf("got %v, %v", got.Attributes(), got.Context)
	}
	if got.RequestID != "r" || got.Topic != "t" || got.ProducerID != "p" || got.Group != "g" || got.Ordinal != 3 ||
		!got.More || got.Sequence != 1<<60 || got.Latency != 203771914 || !got.ReceiveTime.Equal(received) || !got.Late {
		t.Errorf("got %+v", got)
	}
}

func TestEveryOutcomeOfAResult(t *testing.T) {
	for name, c := range map[string]struct {
		result *dispatcherv1.Result
		value  any
		data   []byte
		err    string
	}{
		"nothing":    {&dispatcherv1.Result{}, nil, nil, ""},
		"value":      {&dispatcherv1.Result{Outcome: &dispatcherv1.Result_Value{Value: structpb.NewBoolValue(true)}}, true, nil, ""},
		"data":       {&dispatcherv1.Result{Outcome: &dispatcherv1.Result_Data{Data: []byte("x")}}, nil, []byte("x"), ""},
		"empty data": {&dispatcherv1.Result{Outcome: &dispatcherv1.Result_Data{Data: []byte{}}}, nil, []byte{}, ""},
		"error":      {&dispatcherv1.Result{Outcome: &dispatcherv1.Result_Error{Error: &status.Status{Code: 5, Message: "m"}}}, nil, nil, "PRODUCER_ERROR: m"},
		"bad code":   {&dispatcherv1.Result{Outcome: &dispatcherv1.Result_Error{Error: &status.Status{}}}, nil, nil, "PRODUCER_ERROR"},
	} {
		d := &Delivery{payload: payload{raw: marshal(t, c.result)}}
		value, err := d.Value()
		data, _ := d.Data()
		if value != c.value || !reflect.DeepEqual(data, c.data) || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: got %v, %v, %v", name, value, data, err)
		}
	}
}

func TestAnAssignmentIsDecodedCompletely(t *testing.T) {
	options := RequestOptions{
		Args: []any{3, "b"}, Kwargs: map[string]any{"k": nil}, Data: []byte{1}, ContentType: "c",
		Attributes: map[string]string{"a": "b"}, TTL: time.Second, RequestID: "r",
	}
	request, err := options.encode("t", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := marshal(t, &dispatcherv1.Assignment{
		AssignmentId: "7", RequestId: "r", Ttl: durationpb.New(999), Attempt: 2, Context: map[string]string{"x": "y"},
	})
	wire, err := readAssignment(appendMessage(body, 7, request))
	if err != nil {
		t.Fatal(err)
	}
	got, err := newAssignment(wire)
	if err != nil {
		t.Fatal(err)
	}
	want := &Assignment{
		Topic: "t", RequestID: "r", ID: "7", Attempt: 2, Args: []any{3.0, "b"}, Kwargs: map[string]any{"k": nil},
		Data: []byte{1}, ContentType: "c", Attributes: map[string]string{"a": "b"}, Context: map[string]string{"x": "y"},
	}
	if !reflect.DeepEqual(got, want) || wire.ttl != 999 {
		t.Errorf("got %+v, %v", got, wire.ttl)
	}
	wire.request = []byte{0x12, 0x05}
	if _, err := newAssignment(wire); errorFromCall(err).Reason != "UNDECODABLE_REQUEST" {
		t.Errorf("got %v", err)
	}
}

func TestAnEncodedReplyMatchesTheGeneratedCode(t *testing.T) {
	result, err := Result{Data: []byte{}, ContentType: "c", Attributes: map[string]string{"a": "b"}}.encode()
	if err != nil {
		t.Fatal(err)
	}
	joined := append(replyMessage("1", true, result), replyMessage("2", false, nil)...)
	var got dispatcherv1.ProduceRequest
	if err := proto.Unmarshal(joined, &got); err != nil {
		t.Fatal(err)
	}
	want := &dispatcherv1.ProduceRequest{Messages: []*dispatcherv1.ProducerMessage{
		{Message: &dispatcherv1.ProducerMessage_Reply{Reply: &dispatcherv1.Reply{AssignmentId: "1", More: true, Result: &dispatcherv1.Result{
			Outcome: &dispatcherv1.Result_Data{Data: []byte{}}, ContentType: "c", Attributes: map[string]string{"a": "b"},
		}}}},
		{Message: &dispatcherv1.ProducerMessage_Reply{Reply: &dispatcherv1.Reply{AssignmentId: "2", Result: &dispatcherv1.Result{}}}},
	}}
	if !proto.Equal(&got, want) {
		t.Errorf("got %v", &got)
	}
}

func TestEveryOptionOfARequestReachesTheWire(t *testing.T) {
	options := RequestOptions{
		TTL: time.Second, RequestID: "r", NoProducers: NoProducersWait,
		Completion: Completion{QuorumPercent: 80, StallTimeout: time.Millisecond, MinResults: 3, CountErrors: true, Losers: LetLosersRun},
		Selector:   Selector{ProducerIDs: []string{"p"}, MatchLabels: map[string]string{"a": "b"}, MaxTargets: 4},
	}
	b, err := options.encode("t", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got dispatcherv1.Request
	if err := proto.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := &dispatcherv1.Request{
		Topic: "t", RequestId: "r", Ttl: durationpb.New(time.Second),
		NoProducersAction: dispatcherv1.NoProducersAction_NO_PRODUCERS_ACTION_WAIT,
		Completion: &dispatcherv1.Completion{
			Until: &dispatcherv1.Completion_QuorumPercent{QuorumPercent: 80}, StallTimeout: durationpb.New(time.Millisecond),
			MinResults: 3, CountErrors: true, LoserAction: dispatcherv1.LoserAction_LOSER_ACTION_LET_RUN,
		},
		Selector: &dispatcherv1.Selector{ProducerIds: []string{"p"}, MatchLabels: map[string]string{"a": "b"}, MaxTargets: 4},
	}
	if !proto.Equal(&got, want) {
		t.Errorf("got %v", &got)
	}
	for _, refused := range []RequestOptions{
		{Completion: Completion{ResultCount: 1, FirstSuccess: true}},
		{Completion: Completion{ResultCount: -1}},
		{Completion: Completion{QuorumPercent: 1 << 40}},
		{Completion: Completion{MinResults: -1}},
		{Selector: Selector{MaxTargets: -1}},
		{ContentType: "\xff"},
		{Args: []any{func() {}}},
		{Kwargs: map[string]any{"f": func() {}}},
	} {
		if _, err := refused.encode("t", nil); errorFromCall(err).Code != 3 {
			t.Errorf("%+v: got %v", refused, err)
		}
	}
}
