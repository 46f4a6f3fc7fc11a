package atedispatcher

import "time"

// ProducerOptions configures a producer. The server chooses the value of a field that is zero, unless the field says
// otherwise.
type ProducerOptions struct {
	// ID has 1 to 128 printable ASCII characters without spaces. A newer session with the same ID replaces an older
	// one. Empty: the server mints one.
	ID string
	// DisplayName is a name for people; at most 256 bytes.
	DisplayName string
	// Labels are matched by selectors; at most 32.
	Labels map[string]string
	// Registrations are further topics, optionally in groups, in addition to the topics passed to NewProducer.
	Registrations []Registration
	// Concurrency is how many handlers may run at a time: at most the server's limit, 65,536 by default. 0: the
	// server's default, 256.
	Concurrency int
	// MaxBacklog is how many further assignments the server may queue for this producer; beyond it the producer is
	// saturated. At most the server's limit, 65,536 by default. 0: the server's default, 1,024.
	MaxBacklog int
	// Grace is how long handlers may continue after the context of Run has ended. 0: 30 s.
	Grace time.Duration
	// OnDisposition receives the disposition of each reply, in order.
	//
	// OnDisposition and OnStatus run one at a time on a goroutine of their own, and may call every method of the producer.
	// While one runs, up to 4,096 further calls wait; beyond that the oldest one is dropped and logged. A panic is
	// reported as a fault with the reason CALLBACK_FAILED and ends nothing. Run waits for them for at most 1 s.
	OnDisposition func(assignmentID string, state Disposition)
	// OnStatus receives each change of the session, in order with OnDisposition. Without it, the default logger of
	// log/slog gets faults, and at most once a second why there is no session.
	OnStatus func(Status)
}

// Disposition is what the server did with a reply. A state that this package does not know is the number of its enum
// value.
type Disposition string

// States of a reply.
const (
	// DispositionAccepted: the reply arrived in time.
	DispositionAccepted Disposition = "ACCEPTED"
	// DispositionLate: the reply arrived after the TTL.
	DispositionLate Disposition = "LATE"
	// DispositionDuplicate: the assignment already had its final result.
	DispositionDuplicate Disposition = "DUPLICATE"
	// DispositionUnknown: this session was not given the assignment, or the server no longer remembers it.
	DispositionUnknown Disposition = "UNKNOWN"
	// DispositionCancelled: the assignment was revoked before its TTL.
	DispositionCancelled Disposition = "CANCELLED"
)
