package atedispatcher

import (
	"context"
	"errors"
	"iter"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// ListenerOptions says how a listener hears. Its callbacks run one at a time, in the order of what happened, on the
// goroutine of Run or of the loop over Results; while one runs, nothing is read, and what comes meanwhile waits at the
// server.
type ListenerOptions struct {
	// OnResult takes each result, in arrival order. For Run.
	OnResult func(ctx context.Context, result *Delivery)
	// OnSummary takes the summaries of the topics' requests, each after the request's last result; setting it asks the
	// server for them.
	OnSummary func(summary *Summary)
	// OnGap is told what was lost, before the next result of its topic.
	OnGap func(gap Gap)
	// OnStatus is told what happens to the session.
	OnStatus func(Status)
	// ID is 1 to 128 printable ASCII characters without spaces; the newest session of an id wins. Empty: the server
	// mints one.
	ID string
	// Group makes its members share the deliveries: all results of a request go to one of them. A member does not
	// resume, since the others had what it missed.
	Group string
	// IncludeLate asks for late results, too.
	IncludeLate bool
	// Disconnect lets the server end the session if this listener reads too slowly; it then comes back and resumes.
	// Otherwise the server drops the oldest results, and OnGap is told.
	Disconnect bool
	// BufferBytes is how much the server may queue for this listener, from 16 KiB. 0: the server's default, 4 MiB.
	BufferBytes int
}

// Gap is exactly what a listener lost; it comes before the topic's next result.
type Gap struct {
	// Topic is the topic, without wildcards.
	Topic string
	// Reason says why it was lost.
	Reason GapReason
	// From and To are the first and the last lost position; 0 if that cannot be told.
	From, To uint64
	// LostCount is how many results were lost; 0 if that cannot be told.
	LostCount uint64
}

// GapReason says why results were lost. A server newer than this package may send another one, as its number.
type GapReason string

// Why results were lost.
const (
	// GapSlowListener: the listener read too slowly.
	GapSlowListener GapReason = "SLOW_LISTENER"
	// GapRetention: the server no longer had them when the listener came back.
	GapRetention GapReason = "RETENTION"
	// GapEpochChanged: the server restarted, or forgot the topic; how much was lost cannot be told.
	GapEpochChanged GapReason = "EPOCH_CHANGED"
)

// Listener hears results while Run, or a loop over Results, runs. It reconnects meanwhile and resumes where it was, so
// that nothing comes twice, and nothing is lost that the server still retains. Its other methods are for any goroutine,
// callbacks included.
type Listener struct {
	client     *Client
	options    ListenerOptions
	supervisor *supervisor
	topics     listenerTopics
	cursors    *cursors
	// updating orders the calls that change topics.
	updating sync.Mutex
}

// NewListener makes a listener on topics, or patterns of topics: * stands for one token, > as the last one for one or
// more. There may be none. [Listener.Run] or [Listener.Results] connects it.
func (c *Client) NewListener(topics []string, options ListenerOptions) *Listener {
	l := &Listener{client: c, options: options, cursors: newCursors()}
	l.supervisor = newSupervisor(c, options.ID, options.OnStatus)
	l.topics.apply(topicsChange{add: topics})
	return l
}

// Run calls the callbacks until the context ends, and then returns nil. It returns an error if the server refuses the
// listener in a way that no retry can mend, such as ErrInvalidArgument or ErrSessionReplaced.
//
// It may be called again, to resume where it was.
func (l *Listener) Run(ctx context.Context) error {
	return l.run(ctx, func(result *Delivery) bool {
		if l.options.OnResult != nil {
			l.options.OnResult(ctx, result)
		}
		return true
	})
}

// Results hears results in a loop, in arrival order, until the context ends; the other callbacks are called in between.
// If there can be no further result, the last element is an error, as Run returns it.
//
// Leaving the loop disconnects. Another loop resumes after the last result of this one.
func (l *Listener) Results(ctx context.Context) iter.Seq2[*Delivery, error] {
	return func(yield func(*Delivery, error) bool) {
		left := false
		err := l.run(ctx, func(result *Delivery) bool {
			left = !yield(result, nil)
			return !left
		})
		if err != nil && !left {
			yield(nil, err)
		}
	}
}

// Ready waits until the listener is live: the results of every request accepted from then on reach it. It fails if
// there will be no further session.
func (l *Listener) Ready(ctx context.Context) error {
	return l.supervisor.ready(ctx)
}

// ID is its id, as given or minted; empty before the first session.
func (l *Listener) ID() string {
	return l.supervisor.currentID()
}

// Add adds topics or patterns, also for later sessions. It returns once they are live, or at once while there is no
// session: the next one begins with them. If it fails with an error other than the context's, nothing was added.
func (l *Listener) Add(ctx context.Context, topics ...string) error {
	for _, topic := range topics {
		if err := checkPattern(topic); err != nil {
			return err
		}
	}
	return l.change(ctx, topicsChange{add: topics})
}

// Remove removes topics or patterns, written as they were added. What is on its way may still come. It returns as Add
// does.
func (l *Listener) Remove(ctx context.Context, topics ...string) error {
	return l.change(ctx, topicsChange{remove: topics})
}

func (l *Listener) change(ctx context.Context, change topicsChange) error {
	l.updating.Lock()
	defer l.updating.Unlock()
	undo := l.topics.apply(change)
	if !l.supervisor.hasSession() {
		return nil
	}
	err := l.update(ctx, change)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrListenerNotFound), errors.Is(err, ErrUnavailable):
		// The session has just broken; the next one begins with the change.
		return nil
	case ctx.Err() == nil:
		undo()
	}
	return err
}

// update asks by a call of its own, whose answer does not wait for the deliveries on the stream to be read.
func (l *Listener) update(ctx context.Context, change topicsChange) error {
	l.topics.requested(change)
	_, err := l.client.UpdateListener(ctx, l.supervisor.currentID(), change.add, change.remove)
	if err != nil && ctx.Err() == nil {
		l.topics.rejected(change)
	}
	return err
}

// run hears until take returns false, the context ends, or there can be no further result.
func (l *Listener) run(ctx context.Context, accept func(*Delivery) bool) error {
	if err := l.supervisor.claimRun(); err != nil {
		return err
	}
	defer l.supervisor.releaseRun()
	for _, topic := range l.topics.current() {
		if err := checkPattern(topic); err != nil {
			l.supervisor.end(err)
			return err
		}
	}
	err := l.supervisor.run(ctx, func(ctx context.Context) error {
		return l.runSession(ctx, accept)
	})
	if err != nil {
		l.supervisor.end(err)
	}
	return err
}

func (l *Listener) request(topics []string) *dispatcherv1.ListenRequest {
	request := &dispatcherv1.ListenRequest{
		// The minted id is kept, so that a session that only this side has lost is replaced and does not linger.
		ListenerId:       l.supervisor.currentID(),
		Topics:           topics,
		IncludeLate:      l.options.IncludeLate,
		IncludeSummaries: l.options.OnSummary != nil,
		BufferBytes:      uint32(l.options.BufferBytes),
		Group:            l.options.Group,
	}
	if l.options.Group == "" {
		request.ResumeFrom = l.cursors.resumePoints()
	}
	if l.options.Disconnect {
		request.OverflowAction = dispatcherv1.OverflowAction_OVERFLOW_ACTION_DISCONNECT
	}
	return request
}
