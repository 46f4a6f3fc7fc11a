package atedispatcher

import (
	"strconv"
	"strings"
	"time"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Acceptance is the server's answer to an accepted request: its targets and its expiry.
type Acceptance struct {
	// RequestID is the id of the request, chosen by the caller or minted by the server.
	RequestID string
	// Targets are the producers that get the request, in no particular order. Empty while the request waits for its
	// first producer.
	Targets []Target
	// ListenerCount is the number of listeners on the topic at the acceptance.
	ListenerCount int
	// TTL is the effective TTL.
	TTL time.Duration
	// ExpireTime is the end of the TTL by the server's wall clock; for people and logs.
	ExpireTime time.Time
}

// Target is one producer that a request was scattered to.
type Target struct {
	// ProducerID is the id of the producer.
	ProducerID string
	// Group is the group that the producer was chosen from; empty if it registered without one.
	Group string
}

// SummaryReason says why a request ended. A reason that this package does not know is the number of its enum value.
type SummaryReason string

// Reasons of a summary.
const (
	// ReasonAllAnswered: no further result can arrive. Every target has answered, failed, departed or was saturated.
	ReasonAllAnswered SummaryReason = "ALL_ANSWERED"
	// ReasonPolicyMet: the goal of the request's Completion was met.
	ReasonPolicyMet SummaryReason = "POLICY_MET"
	// ReasonStalled: no result arrived for the StallTimeout.
	ReasonStalled SummaryReason = "STALLED"
	// ReasonExpired: the TTL ran out.
	ReasonExpired SummaryReason = "EXPIRED"
	// ReasonCancelled: CancelRequest cancelled the request, or the caller of its gather disconnected.
	ReasonCancelled SummaryReason = "CANCELLED"
	// ReasonNoProducers: no producer matched the request.
	ReasonNoProducers SummaryReason = "NO_PRODUCERS"
	// ReasonShutdown: the server shut down.
	ReasonShutdown SummaryReason = "SHUTDOWN"
)

// OutcomeState is the state of one assignment at the end of its request. A state that this package does not know is the
// number of its enum value.
type OutcomeState string

// States of an outcome.
const (
	// StateAnswered: the final result arrived in time and is not an error.
	StateAnswered OutcomeState = "ANSWERED"
	// StateFailed: the final result arrived in time and is an error.
	StateFailed OutcomeState = "FAILED"
	// StateMissed: the producer got the assignment and did not answer in time.
	StateMissed OutcomeState = "MISSED"
	// StateDeparted: the producer's session ended before it answered.
	StateDeparted OutcomeState = "DEPARTED"
	// StateSaturated: the producer never got the assignment: its backlog was full, or the request ended first.
	StateSaturated OutcomeState = "SATURATED"
	// StateCancelled: the assignment was revoked, because the request was cancelled or ended early.
	StateCancelled OutcomeState = "CANCELLED"
	// StateLate: the final result arrived after the end of the request. Only when a request is looked up.
	StateLate OutcomeState = "LATE"
	// StatePending: the assignment is outstanding. Only when a request is looked up.
	StatePending OutcomeState = "PENDING"
)

// Summary says how a request ended. Every accepted request has exactly one.
type Summary struct {
	// RequestID is the id of the request.
	RequestID string
	// Topic is the request's topic.
	Topic string
	// Reason says why the request ended.
	Reason SummaryReason
	// Satisfied reports whether at least MinResults results arrived, or, if that is 0, whether the goal was met.
	Satisfied bool
	// Targeted is the number of targets.
	Targeted int
	// Answered is the number of targets whose final result is not an error.
	Answered int
	// Failed is the number of targets whose final result is an error.
	Failed int
	// Missing is the number of targets without a final result.
	Missing int
	// Elapsed is the time from acceptance to end, at the server.
	Elapsed time.Duration
	// Outcomes has one element per target, in the order of the assignments.
	Outcomes []Outcome
}

// Outcome says what became of one target's assignment.
type Outcome struct {
	// ProducerID is the id of the producer; after a failover inside a group, of the last member that got the
	// assignment.
	ProducerID string
	// Group is the group that the producer was chosen from; empty if it registered without one.
	Group string
	// State is the state of the assignment at the end of the request.
	State OutcomeState
	// Latency is the time from the acceptance to the producer's last result; 0 if it sent none.
	Latency time.Duration
	// ResultCount is the number of results that arrived in time, including partial ones.
	ResultCount int
	// Err has the code and message of the error result; nil unless State is StateFailed.
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

// enumName returns the name of an enum value without its prefix, or the number of an unknown value.
func enumName(names map[int32]string, value int32, prefix string) string {
	if name, ok := names[value]; ok {
		return strings.TrimPrefix(name, prefix)
	}
	return strconv.Itoa(int(value))
}
