package atedispatcher

import (
	"strconv"
	"strings"
	"time"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Acceptance says that a request was taken: who is asked, and until when.
type Acceptance struct {
	// RequestID is the request's id, as given or minted.
	RequestID string
	// Targets are who is asked, in no particular order. Empty while a request is held for its first producer.
	Targets []Target
	// ListenerCount is how many listeners the topic has at this moment.
	ListenerCount int
	// TTL is the one in force.
	TTL time.Duration
	// ExpireTime is when the request expires, by the server's wall clock; for people and logs.
	ExpireTime time.Time
}

// Target is one producer that a request was scattered to.
type Target struct {
	// ProducerID is its id.
	ProducerID string
	// Group is what it was chosen from; empty if it registered without one.
	Group string
}

// SummaryReason says why a request ended. A server newer than this package may send another one, as its number.
type SummaryReason string

// Why a request ended.
const (
	// ReasonAllAnswered: nothing more can come.
	ReasonAllAnswered SummaryReason = "ALL_ANSWERED"
	// ReasonPolicyMet: the goal of its Completion was met.
	ReasonPolicyMet SummaryReason = "POLICY_MET"
	// ReasonStalled: no result came for the StallTimeout.
	ReasonStalled SummaryReason = "STALLED"
	// ReasonExpired: the TTL ran out.
	ReasonExpired SummaryReason = "EXPIRED"
	// ReasonCancelled: CancelRequest ended it, or its caller went away.
	ReasonCancelled SummaryReason = "CANCELLED"
	// ReasonNoProducers: there was nobody to ask.
	ReasonNoProducers SummaryReason = "NO_PRODUCERS"
	// ReasonShutdown: the server shut down first.
	ReasonShutdown SummaryReason = "SHUTDOWN"
)

// OutcomeState is the fate of one target; as with SummaryReason, there may be others.
type OutcomeState string

// What became of a target.
const (
	// StateAnswered: it gave its final answer in time.
	StateAnswered OutcomeState = "ANSWERED"
	// StateFailed: its final answer was an error.
	StateFailed OutcomeState = "FAILED"
	// StateMissed: it was asked and stayed silent.
	StateMissed OutcomeState = "MISSED"
	// StateDeparted: its stream ended before it answered.
	StateDeparted OutcomeState = "DEPARTED"
	// StateSaturated: it never got its turn.
	StateSaturated OutcomeState = "SATURATED"
	// StateCancelled: it was revoked because the request was cancelled or ended early.
	StateCancelled OutcomeState = "CANCELLED"
	// StateLate: its answer came after the end; only when a request is looked up.
	StateLate OutcomeState = "LATE"
	// StatePending: nothing is settled yet; only when a request is looked up.
	StatePending OutcomeState = "PENDING"
)

// Summary is the one end of an accepted request.
type Summary struct {
	// RequestID is the request that ended.
	RequestID string
	// Topic is its topic.
	Topic string
	// Reason says why it ended.
	Reason SummaryReason
	// Satisfied tells whether it got what it asked for.
	Satisfied bool
	// Targeted is how many targets were asked.
	Targeted int
	// Answered is how many of them answered without an error.
	Answered int
	// Failed is how many of them answered with an error.
	Failed int
	// Missing is how many of them gave no final answer.
	Missing int
	// Elapsed is the time from acceptance to end, at the server.
	Elapsed time.Duration
	// Outcomes are each target's fate, in the order in which they were asked.
	Outcomes []Outcome
}

// Outcome is what became of one target of a request.
type Outcome struct {
	// ProducerID is who was asked; after a fail-over inside a group the last member.
	ProducerID string
	// Group is what it was chosen from; empty if it registered without one.
	Group string
	// State is its fate.
	State OutcomeState
	// Latency is the time from acceptance to its last result; 0 if it sent none.
	Latency time.Duration
	// ResultCount is how many results it sent in time, also partial ones.
	ResultCount int
	// Err is code and text of its failure; nil unless State is StateFailed.
	Err *Error
}

func acceptanceOf(message *dispatcherv1.Acceptance) *Acceptance {
	a := &Acceptance{
		RequestID:     message.GetRequestId(),
		ListenerCount: int(message.GetListenerCount()),
		TTL:           message.GetTtl().AsDuration(),
		ExpireTime:    message.GetExpireTime().AsTime(),
	}
	for _, target := range message.GetTargets() {
		a.Targets = append(a.Targets, Target{target.GetProducerId(), target.GetGroup()})
	}
	return a
}

func summaryOf(message *dispatcherv1.Summary) *Summary {
	s := &Summary{
		RequestID: message.GetRequestId(),
		Topic:     message.GetTopic(),
		Reason:    SummaryReason(enumName(dispatcherv1.SummaryReason_name, int32(message.GetReason()), "SUMMARY_REASON_")),
		Satisfied: message.GetSatisfied(),
		Targeted:  int(message.GetTargetedCount()),
		Answered:  int(message.GetAnsweredCount()),
		Failed:    int(message.GetFailedCount()),
		Missing:   int(message.GetMissingCount()),
		Elapsed:   message.GetElapsed().AsDuration(),
	}
	for _, outcome := range message.GetOutcomes() {
		o := Outcome{
			ProducerID:  outcome.GetProducerId(),
			Group:       outcome.GetGroup(),
			State:       OutcomeState(enumName(dispatcherv1.OutcomeState_name, int32(outcome.GetState()), "OUTCOME_STATE_")),
			Latency:     outcome.GetLatency().AsDuration(),
			ResultCount: int(outcome.GetResultCount()),
		}
		if outcome.GetError() != nil {
			o.Err = errorFromStatus(outcome.GetError(), "PRODUCER_ERROR")
			o.Err.fromProducer = true
		}
		s.Outcomes = append(s.Outcomes, o)
	}
	return s
}

// enumName is an enum value's name without its prefix, or its number if it is not known here.
func enumName(names map[int32]string, value int32, prefix string) string {
	if name, ok := names[value]; ok {
		return strings.TrimPrefix(name, prefix)
	}
	return strconv.Itoa(int(value))
}
