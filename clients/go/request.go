package atedispatcher

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// RequestOptions describes a request. The server chooses the value of a field that is zero, unless the field says
// otherwise.
type RequestOptions struct {
	// Args are positional arguments for the producers, sent as encoding/json marshals them.
	Args []any
	// Kwargs are keyword arguments for the producers; any key is allowed.
	Kwargs map[string]any
	// Data is an opaque payload, in addition to or instead of Args and Kwargs.
	Data []byte
	// ContentType is the media type of Data. The server does not check it.
	ContentType string
	// Attributes are annotations for the producers.
	Attributes map[string]string
	// TTL is how long the server waits for results; at most the server's limit (1 h by default). 0: the time until the
	// context's deadline, or 5 s if it has none. On a [Submitter], 0 always means 5 s.
	TTL time.Duration
	// RequestID is an idempotency key: 1 to 128 printable ASCII characters without spaces. A retry with the same id and
	// content is not scattered again. Empty: the server mints one.
	RequestID string
	// Completion says when the request ends before its TTL.
	Completion Completion
	// Selector selects the topic's producers that get the request.
	Selector Selector
	// NoProducers says what happens to the request if no producer matches.
	NoProducers NoProducersAction
	// ExcludeListeners sends the results to the caller only, and not to the topic's listeners. Only for Gather.
	ExcludeListeners bool
	// Context is the trace context, sent as metadata: traceparent, tracestate, baggage.
	Context map[string]string
}

// Completion says when a request ends before its TTL. At most one of ResultCount, QuorumPercent and FirstSuccess may be
// set; StallTimeout is independent of them. The zero value ends the request when every target has answered.
type Completion struct {
	// ResultCount ends the request after this many results over all producers.
	ResultCount int
	// QuorumPercent ends the request when this share of the targets has answered: 1 to 100, rounded up to whole
	// targets.
	QuorumPercent int
	// FirstSuccess ends the request at the first result that is not an error.
	FirstSuccess bool
	// StallTimeout ends the request when no result has arrived for this long. It starts with the first result and
	// restarts with each further one.
	StallTimeout time.Duration
	// MinResults is how many results make the summary satisfied. 0: the summary is satisfied if the goal was met.
	MinResults int
	// CountErrors makes error results count, too.
	CountErrors bool
	// Losers says what happens to the assignments that are outstanding when the request ends early.
	Losers LoserAction
}

// LoserAction says what happens to the assignments that are outstanding when a request ends early.
type LoserAction int

const (
	// CancelLosers revokes the assignments.
	CancelLosers LoserAction = iota
	// LetLosersRun leaves the assignments running. Results that arrive within the TTL still reach the listeners.
	LetLosersRun
)

// Selector selects producers of a topic; a producer must meet all conditions. The zero value selects all.
type Selector struct {
	// ProducerIDs selects producers with one of these ids; at most 1,000.
	ProducerIDs []string
	// MatchLabels selects producers that have all of these labels; at most 32.
	MatchLabels map[string]string
	// MaxTargets limits the number of targets; the least busy producers are preferred. 0: no limit.
	MaxTargets int
}

// NoProducersAction says what happens to a request if no producer matches.
type NoProducersAction int

const (
	// NoProducersComplete accepts the request and ends it at once, with [ReasonNoProducers].
	NoProducersComplete NoProducersAction = iota
	// NoProducersFail rejects the request with ErrNoProducers.
	NoProducersFail
	// NoProducersWait holds the request, within its TTL, until a producer registers.
	NoProducersWait
)

// encodeDispatch is encode for a request whose results do not come back to the caller.
func (o *RequestOptions) encodeDispatch(topic string) ([]byte, error) {
	var found violations
	if o.ExcludeListeners {
		found.add("exclude_listeners", "is only for Gather: a dispatched request would have no recipient")
	}
	return o.encode(topic, found)
}

// encode returns a Request message, which the server forwards to every producer without decoding its arguments. The
// same options always give the same bytes, because the server compares the content of requests with the same id.
// It fails if there are violations, found before or here.
func (o *RequestOptions) encode(topic string, found violations) ([]byte, error) {
	message := &dispatcherv1.Request{
		Topic:       topic,
		Data:        o.Data,
		ContentType: o.ContentType,
		Attributes:  o.Attributes,
		RequestId:   o.RequestID,
	}
	found.texts("request.topic", topic)
	found.texts("request.content_type", o.ContentType)
	found.texts("request.request_id", o.RequestID)
	found.textMap("request.attributes", o.Attributes)
	found.addFrom(checkMetadata("context", o.Context))
	if o.TTL != 0 {
		message.Ttl = durationpb.New(o.TTL)
	}
	message.NoProducersAction = dispatcherv1.NoProducersAction(enumNumber(int(o.NoProducers), int(NoProducersWait)))
	message.Completion = o.Completion.message(&found)
	message.Selector = o.Selector.message(&found)
	if err := found.err(); err != nil {
		return nil, err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, invalidArgument("request", "cannot be encoded: %v", err)
	}
	if len(o.Args) > 0 {
		args, err := appendList(nil, o.Args, "args")
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 2, args)
	}
	if len(o.Kwargs) > 0 {
		kwargs, err := appendStruct(nil, o.Kwargs, "kwargs")
		if err != nil {
			return nil, err
		}
		b = appendMessage(b, 3, kwargs)
	}
	return b, nil
}

func (c Completion) message(found *violations) *dispatcherv1.Completion {
	if c == (Completion{}) {
		return nil
	}
	message := &dispatcherv1.Completion{
		MinResults:  found.count("request.completion.min_results", c.MinResults),
		CountErrors: c.CountErrors,
		LoserAction: dispatcherv1.LoserAction(enumNumber(int(c.Losers), int(LetLosersRun))),
	}
	goals := 0
	if c.ResultCount != 0 {
		count := found.count("request.completion.result_count", c.ResultCount)
		message.Until = &dispatcherv1.Completion_ResultCount{ResultCount: count}
		goals++
	}
	if c.QuorumPercent != 0 {
		percent := found.count("request.completion.quorum_percent", c.QuorumPercent)
		message.Until = &dispatcherv1.Completion_QuorumPercent{QuorumPercent: percent}
		goals++
	}
	if c.FirstSuccess {
		message.Until = &dispatcherv1.Completion_FirstSuccess{FirstSuccess: true}
		goals++
	}
	if goals > 1 {
		found.add("request.completion", "sets more than one of result count, quorum and first success")
	}
	if c.StallTimeout != 0 {
		message.StallTimeout = durationpb.New(c.StallTimeout)
	}
	return message
}

func (s Selector) message(found *violations) *dispatcherv1.Selector {
	if len(s.ProducerIDs) == 0 && len(s.MatchLabels) == 0 && s.MaxTargets == 0 {
		return nil
	}
	found.texts("request.selector.producer_ids", s.ProducerIDs...)
	found.textMap("request.selector.match_labels", s.MatchLabels)
	targets := found.count("request.selector.max_targets", s.MaxTargets)
	return &dispatcherv1.Selector{ProducerIds: s.ProducerIDs, MatchLabels: s.MatchLabels, MaxTargets: targets}
}
