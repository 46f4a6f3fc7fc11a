package atedispatcher

import "time"

// Status is a change of a producer's or listener's session.
type Status struct {
	// Kind is the kind of change; it determines which of the other fields are set.
	Kind StatusKind
	// ID is the id of the producer or listener, chosen by the caller or minted by the server. With StatusReady.
	ID string
	// SessionID distinguishes this session from others with the same ID. With StatusReady.
	SessionID string
	// ServerID names the dispatcher process. With StatusReady.
	ServerID string
	// Err is the error. With StatusConnecting, StatusDisconnected and StatusFault.
	Err *Error
	// RetryIn is the delay before the next attempt to connect. With StatusDisconnected.
	RetryIn time.Duration
	// Grace is how long outstanding assignments and deliveries may still take. With StatusGoingAway.
	Grace time.Duration
}

// StatusKind is a kind of change of a session.
type StatusKind string

const (
	// StatusReady means that the session is live.
	StatusReady StatusKind = "ready"
	// StatusConnecting means that opening a session takes longer than a second; Err says what keeps it. It is repeated
	// every 10 s until the attempt ends.
	StatusConnecting StatusKind = "connecting"
	// StatusDisconnected means that the session was lost or could not be opened. Another attempt follows automatically.
	StatusDisconnected StatusKind = "disconnected"
	// StatusGoingAway means that the server is about to end the session, which continues until then.
	StatusGoingAway StatusKind = "goingAway"
	// StatusFault means that the server rejected a message, or that a handler or callback panicked. The session continues.
	StatusFault StatusKind = "fault"
)
