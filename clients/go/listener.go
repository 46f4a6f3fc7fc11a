package atedispatcher

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Listener receives results while Run or a loop over Results runs. It reconnects and resumes automatically: no result
// is delivered twice, and none is lost that the server still retains. Its methods are safe for concurrent use and may
// be called in callbacks; only one Run or loop may be in progress.
//
// The end of the context of Run pauses the listener; [Listener.Close] ends it for good.
type Listener struct {
	client     *Client
	options    ListenerOptions
	supervisor *supervisor
	topics     listenerTopics
	cursors    *cursors
	// updating serializes changes of the topics.
	updating sync.Mutex
	// open ends when Close is called.
	open  context.Context
	close context.CancelFunc
}

// NewListener returns a listener on topics or patterns: * matches one token, and > as the last token matches one or
// more. The list may be empty. [Listener.Run] or [Listener.Results] connects it.
func (c *Client) NewListener(topics []string, options ListenerOptions) *Listener {
	l := &Listener{client: c, options: options, cursors: newCursors()}
	l.open, l.close = context.WithCancel(context.Background())
	l.supervisor = newSupervisor(c, options.ID, options.OnStatus)
	l.topics.apply(topicsChange{add: topics})
	return l
}

// Run calls the callbacks until the context ends or Close is called, and then returns nil. It returns an error if the
// server rejects the listener and no retry can succeed, as with ErrInvalidArgument or ErrSessionReplaced.
//
// After the context has ended, another call resumes after the last result. After Close, every call returns ErrClosed.
func (l *Listener) Run(ctx context.Context) error {
	return l.run(ctx, func(ctx context.Context, result *Delivery) bool {
		if l.options.OnResult != nil {
			l.supervisor.callback("OnResult", func() { l.options.OnResult(ctx, result) })
		}
		return true
	})
}

// Results returns an iterator over results in arrival order, which ends with the context and with Close. It calls the
// callbacks other than OnResult between the results. If no further result can follow, the last element is the error that Run
// would return.
//
// Breaking out of the loop disconnects. Another loop resumes after the last result of this one.
func (l *Listener) Results(ctx context.Context) iter.Seq2[*Delivery, error] {
	return func(yield func(*Delivery, error) bool) {
		left := false
		err := l.run(ctx, func(_ context.Context, result *Delivery) bool {
			left = !yield(result, nil)
			return !left
		})
		if err != nil && !left {
			yield(nil, err)
		}
	}
}

// Ready waits until the listener is live: it receives the results of every request that the server accepts from then
// on. It fails when the context ends, and once the listener is closed or has failed for good.
func (l *Listener) Ready(ctx context.Context) error {
	return l.supervisor.ready(ctx)
}

// ID returns the id that the options chose or the server minted; empty before the first session.
func (l *Listener) ID() string {
	return l.supervisor.currentID()
}

// Add adds topics or patterns to this session and later ones. It returns once they are live. Without a session it
// returns at once, and the next session starts with them. If Add fails while its context has not ended, nothing was
// added. Once the listener or the client is closed, or the listener has failed for good, Add returns the reason.
func (l *Listener) Add(ctx context.Context, topics ...string) error {
	var found violations
	// Without a session, the server would reject the next one for a malformed topic.
	found.patterns("add_topics", topics)
	if err := found.err(); err != nil {
		return err
	}
	return l.change(ctx, topicsChange{add: topics})
}

// Remove removes topics or patterns, spelled as they were added. Results that are already on their way may still
// arrive. It returns like Add.
func (l *Listener) Remove(ctx context.Context, topics ...string) error {
	var found violations
	found.sizes("remove_topics", topics, maxTopicBytes)
	if err := found.err(); err != nil {
		return err
	}
	return l.change(ctx, topicsChange{remove: topics})
}

// Close ends the listener for good: Run returns nil, a loop over Results ends, and the server forgets the listener. Every
// later call returns ErrClosed, except Close. A listener that has failed keeps its reason.
//
// Close does not wait, so that a callback or a loop may call it: a callback that runs meanwhile finishes, and none
// follows, except OnStatus. It always returns nil.
func (l *Listener) Close() error {
	l.supervisor.end(errClosed)
	l.close()
	return nil
}

func (l *Listener) change(ctx context.Context, change topicsChange) error {
	change = topicsChange{slices.Clone(change.add), slices.Clone(change.remove)}
	if err := l.supervisor.ended(); err != nil {
		return err
	}
	l.updating.Lock()
	defer l.updating.Unlock()
	undo := l.topics.apply(change)
	if !l.supervisor.hasSession() {
		return l.supervisor.ended()
	}
	err := l.update(ctx, change)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrListenerNotFound), errors.Is(err, ErrUnavailable):
		// The session has just ended; the next one, if one follows, starts with the change.
		return l.supervisor.ended()
	case ctx.Err() == nil:
		undo()
	}
	return err
}

// update requests a change by a unary call. A message on the stream would not do: its answer would arrive only after
// all deliveries that are queued before it have been read.
//
// A change that is too large for one message is several. If one of them fails, the earlier ones are reverted.
func (l *Listener) update(ctx context.Context, change topicsChange) error {
	parts := splitChange(change)
	for i, part := range parts {
		if err := l.updatePart(ctx, part); err != nil {
			for _, done := range parts[:i] {
				if ctx.Err() == nil {
					_ = l.updatePart(ctx, topicsChange{add: done.remove, remove: done.add})
				}
			}
			return err
		}
	}
	return nil
}

func (l *Listener) updatePart(ctx context.Context, part topicsChange) error {
	l.topics.requested(part)
	_, err := l.client.updateListener(ctx, l.supervisor.currentID(), part)
	if err != nil && ctx.Err() == nil {
		l.topics.rejected(part)
	}
	return err
}

// run passes results to accept until accept returns false, the context ends, Close is called, or no further result can
// follow. The context that it passes ends with the context and with Close.
func (l *Listener) run(ctx context.Context, accept func(context.Context, *Delivery) bool) error {
	if err := l.supervisor.claimRun(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(l.open, stop)()
	defer l.supervisor.releaseRun()
	if err := l.checkOptions(); err != nil {
		l.supervisor.end(err)
		return err
	}
	err := l.supervisor.run(ctx, func(ctx context.Context) error {
		return l.runSession(ctx, accept)
	})
	if err != nil {
		l.supervisor.end(err)
	}
	l.supervisor.notifier.waitIdle()
	return err
}

// checkOptions refuses values that cannot be sent.
func (l *Listener) checkOptions() error {
	var found violations
	found.size("listener_id", l.options.ID, maxIDBytes)
	found.sizes("topics", l.topics.current(), maxTopicBytes)
	found.size("group", l.options.Group, maxIDBytes)
	found.count("buffer_bytes", l.options.BufferBytes)
	return found.err()
}

func (l *Listener) request(topics []string) *dispatcherv1.ListenRequest {
	request := &dispatcherv1.ListenRequest{
		// After the first session this is the minted id, so that the new session replaces one that the server still
		// considers live.
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
