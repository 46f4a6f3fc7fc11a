package atedispatcher

import (
	"math"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// RequestOptions says what is asked, and how. Every zero value leaves the decision to the server.
type RequestOptions struct {
	// Args are positional arguments for the producers, as encoding/json understands them.
	Args []any
	// Kwargs are keyword arguments for the producers; any key is allowed.
	Kwargs map[string]any
	// Data is an opaque payload beside or instead of Args and Kwargs.
	Data []byte
	// ContentType is the media type of Data; free text.
	ContentType string
	// Attributes are free annotations for the producers.
	Attributes map[string]string
	// TTL is how long results are awaited, at most the server's limit (1 h). 0: what remains until the context's
	// deadline, or 5 s if it has none.
	TTL time.Duration
	// RequestID is an idempotency key: 1 to 128 printable ASCII characters without spaces. A retry with the same id and
	// content is not asked twice. Empty: the server mints one.
	RequestID string
	// Completion says when the request ends before its TTL.
	Completion Completion
	// Selector says which of the topic's producers are asked.
	Selector Selector
	// NoProducers says what happens if nobody can be asked.
	NoProducers NoProducersAction
	// ExcludeListeners leaves the topic's listeners out: the results go to the caller alone. Only for Gather.
	ExcludeListeners bool
	// Context is trace context, sent as metadata: traceparent, tracestate, baggage.
	Context map[string]string
}

// Completion says when a request ends before its TTL: at most one of ResultCount, QuorumPercent and FirstSuccess, and a
// StallTimeout with or without it. The zero value: when every target has answered.
type Completion struct {
	// ResultCount ends it at this many results over all producers.
	ResultCount int
	// QuorumPercent ends it when this share of the targets has answered, from 1 to 100 and rounded up.
	QuorumPercent int
	// FirstSuccess ends it at the first result that is no error.
	FirstSuccess bool
	// StallTimeout ends it when no result has come for this long, counted from the first result on.
	StallTimeout time.Duration
	// MinResults is how many results make the summary satisfied. 0: as many as the goal above asks for.
	MinResults int
	// CountErrors lets error results count, too.
	CountErrors bool
	// Losers says what becomes of assignments that are still out.
	Losers LoserAction
}

// LoserAction says what becomes of assignments that are still out when a request ends early.
type LoserAction int

const (
	// CancelLosers revokes them.
	CancelLosers LoserAction = iota
	// LetLosersRun lets them go on; what arrives within the TTL still reaches the listeners.
	LetLosersRun
)

// Selector says which of a topic's producers are asked; all conditions must hold. The zero value: all.
type Selector struct {
	// ProducerIDs asks only producers with one of these ids; at most 1,000.
	ProducerIDs []string
	// MatchLabels asks only producers that carry all of these labels; at most 32.
	MatchLabels map[string]string
	// MaxTargets asks at most so many, the least busy first.
	MaxTargets int
}

// NoProducersAction says what happens to a request if nobody can be asked.
type NoProducersAction int

const (
	// NoProducersComplete accepts it and ends it at once, with a summary that says so.
	NoProducersComplete NoProducersAction = iota
	// NoProducersFail refuses it with ErrNoProducers.
	NoProducersFail
	// NoProducersWait holds it, within its TTL, for the first producer that registers.
	NoProducersWait
)

// encode returns a Request message, which travels as it is to every producer. It is the same for the same options,
// because the server tells a repeated request from another one by its content.
func (o *RequestOptions) encode(topic string) ([]byte, error) {
	message := &dispatcherv1.Request{
		Topic:       topic,
		Data:        o.Data,
		ContentType: o.ContentType,
		Attributes:  o.Attributes,
		RequestId:   o.RequestID,
	}
	if o.TTL != 0 {
		message.Ttl = durationpb.New(o.TTL)
	}
	if o.NoProducers != NoProducersComplete {
		message.NoProducersAction = dispatcherv1.NoProducersAction(o.NoProducers + 1)
	}
	var err error
	if message.Completion, err = o.Completion.message(); err != nil {
		return nil, err
	}
	if message.Selector, err = o.Selector.message(); err != nil {
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

func (c Completion) message() (*dispatcherv1.Completion, error) {
	if c == (Completion{}) {
		return nil, nil
	}
	message := &dispatcherv1.Completion{CountErrors: c.CountErrors}
	goals := 0
	if c.ResultCount != 0 {
		count, err := count("request.completion.result_count", c.ResultCount)
		if err != nil {
			return nil, err
		}
		message.Until = &dispatcherv1.Completion_ResultCount{ResultCount: count}
		goals++
	}
	if c.QuorumPercent != 0 {
		percent, err := count("request.completion.quorum_percent", c.QuorumPercent)
		if err != nil {
			return nil, err
		}
		message.Until = &dispatcherv1.Completion_QuorumPercent{QuorumPercent: percent}
		goals++
	}
	if c.FirstSuccess {
		message.Until = &dispatcherv1.Completion_FirstSuccess{FirstSuccess: true}
		goals++
	}
	if goals > 1 {
		return nil, invalidArgument("request.completion", "has more than one of result count, quorum and first success")
	}
	var err error
	if message.MinResults, err = count("request.completion.min_results", c.MinResults); err != nil {
		return nil, err
	}
	if c.StallTimeout != 0 {
		message.StallTimeout = durationpb.New(c.StallTimeout)
	}
	if c.Losers != CancelLosers {
		message.LoserAction = dispatcherv1.LoserAction(c.Losers + 1)
	}
	return message, nil
}

func (s Selector) message() (*dispatcherv1.Selector, error) {
	if len(s.ProducerIDs) == 0 && len(s.MatchLabels) == 0 && s.MaxTargets == 0 {
		return nil, nil
	}
	targets, err := count("request.selector.max_targets", s.MaxTargets)
	if err != nil {
		return nil, err
	}
	return &dispatcherv1.Selector{ProducerIds: s.ProducerIDs, MatchLabels: s.MatchLabels, MaxTargets: targets}, nil
}

// count refuses what the wire cannot say; all else is for the server to judge.
func count(field string, n int) (uint32, error) {
	if n < 0 || int64(n) > math.MaxUint32 {
		return 0, invalidArgument(field, "is %d; it is a number from 0 to %d", n, uint32(math.MaxUint32))
	}
	return uint32(n), nil
}
