package atedispatcher

import "context"

// ListenerOptions configures a listener. OnResult, OnSummary and OnGap run one at a time, in the order of the events, on
// the goroutine of Run or of the loop over Results. While one runs, nothing is read, and further results wait at the
// server. A panic of a callback is reported as a fault with the reason CALLBACK_FAILED and ends nothing.
type ListenerOptions struct {
	// OnResult receives each result, in arrival order. Only Run calls it.
	OnResult func(ctx context.Context, result *Delivery)
	// OnSummary receives the summary of each request on the topics, after the request's last result. The server sends
	// summaries only if OnSummary is set.
	OnSummary func(summary *Summary)
	// OnGap receives each gap, before the next result of its topic.
	OnGap func(gap Gap)
	// OnStatus receives each change of the session, in order. It runs on a goroutine of its own, so its calls are not in
	// order with the other callbacks. While it runs, up to 4,096 further calls wait; beyond that the oldest one is dropped
	// and logged. Run waits for it for at most 1 s. Without it, the default logger of
	// log/slog gets faults, and at most once a second why there is no session.
	OnStatus func(Status)
	// ID has 1 to 128 printable ASCII characters without spaces. A newer session with the same ID replaces an older
	// one. Empty: the server mints one.
	ID string
	// Group makes its members share the deliveries: all results of a request go to one member. A member does not resume
	// after a reconnect, because the other members received the results that it missed.
	Group string
	// IncludeLate asks for late results, too.
	IncludeLate bool
	// Disconnect makes the server end the session if this listener reads too slowly; the listener then reconnects and
	// resumes. Otherwise the server drops the oldest results and reports a gap.
	Disconnect bool
	// BufferBytes is how many bytes the server may buffer for this listener: from 16 KiB to the server's limit, 64
	// MiB by default. 0: the server's default, 4 MiB.
	BufferBytes int
}

// Gap describes results that a listener lost. It precedes the topic's next result.
type Gap struct {
	// Topic is the topic, without wildcards.
	Topic string
	// Reason says why the results were lost.
	Reason GapReason
	// From and To are the first and the last lost sequence; 0 if unknown.
	From, To uint64
	// LostCount is the number of lost results; 0 if unknown.
	LostCount uint64
}

// GapReason says why results were lost. A reason that this package does not know is the number of its enum value.
type GapReason string

// Reasons of a gap.
const (
	// GapSlowListener: the listener read too slowly.
	GapSlowListener GapReason = "SLOW_LISTENER"
	// GapRetention: the server no longer retained the results when the listener resumed.
	GapRetention GapReason = "RETENTION"
	// GapEpochChanged: the server restarted or forgot the topic; the number of lost results is unknown.
	GapEpochChanged GapReason = "EPOCH_CHANGED"
)
