package atedispatcher

import "time"

// Status is a change of a producer's or listener's session.
type Status struct {
	// Kind says what happened, and which of the other fields are set.
	Kind StatusKind
	// ID is the producer's or listener's id, as given or minted. With StatusReady.
	ID string
	// SessionID tells this session from other ones of the same id. With StatusReady.
	SessionID string
	// ServerID names the dispatcher process. With StatusReady.
	ServerID string
	// Err is what went wrong. With StatusDisconnected and StatusFault.
	Err *Error
	// RetryIn is when the next try to connect follows. With StatusDisconnected.
	RetryIn time.Duration
	// Grace is how long pending work may still take. With StatusGoingAway.
	Grace time.Duration
}

// StatusKind is what happened to a session.
type StatusKind string

const (
	// StatusReady says that the session is live.
	StatusReady StatusKind = "ready"
	// StatusDisconnected says that the session was lost, or could not be opened; the next try follows by itself.
	StatusDisconnected StatusKind = "disconnected"
	// StatusGoingAway says that the server is about to end the session; it goes on until then.
	StatusGoingAway StatusKind = "goingAway"
	// StatusFault says that there was a harmless mistake, or that a handler panicked; the session goes on.
	StatusFault StatusKind = "fault"
)
