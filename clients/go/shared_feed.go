package atedispatcher

import (
	"context"
	"sync"

	"google.golang.org/grpc/codes"
)

// maxFeedEvents is how many results wait at most for a gather that is not read.
const maxFeedEvents = 65_536

// sharedFeed is a gather on a stream with others: what comes for it waits here, so that it holds up nobody.
type sharedFeed struct {
	unwatch func() bool

	mu        sync.Mutex
	events    []event
	err       error
	arrived   chan struct{} // holds a token while there may be something to take
	stream    *submitStream
	requestID string
	closed    bool
}

// newSharedFeed makes a feed that fails when the context ends.
func newSharedFeed(ctx context.Context) *sharedFeed {
	f := &sharedFeed{arrived: make(chan struct{}, 1)}
	f.unwatch = context.AfterFunc(ctx, func() {
		failure := *errorFromCall(ctx.Err())
		failure.cause = context.Cause(ctx)
		f.fail(&failure)
		f.leave()
	})
	return f
}

// follow says which gather it is.
func (f *sharedFeed) follow(stream *submitStream, requestID string) {
	f.mu.Lock()
	f.stream, f.requestID = stream, requestID
	hasFailed := f.err != nil
	f.mu.Unlock()
	if hasFailed {
		f.leave()
	}
}

// push adds an event.
func (f *sharedFeed) push(e event) {
	f.mu.Lock()
	tooMany := len(f.events) >= maxFeedEvents
	if !f.closed && !tooMany {
		f.events = append(f.events, e)
	}
	f.mu.Unlock()
	if tooMany {
		f.fail(&Error{
			Code:    codes.ResourceExhausted,
			Reason:  "SLOW_CONSUMER",
			Message: "65536 results wait to be taken; read faster, or gather by the client, whose flow control holds them back",
		})
		f.leave()
	}
	f.signal()
}

// fail ends it after what has come.
func (f *sharedFeed) fail(err error) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	f.signal()
}

func (f *sharedFeed) next() (event, error) {
	for {
		f.mu.Lock()
		if len(f.events) > 0 {
			first := f.events[0]
			f.events[0] = event{}
			f.events = f.events[1:]
			f.mu.Unlock()
			return first, nil
		}
		err := f.err
		f.mu.Unlock()
		if err != nil {
			return event{}, err
		}
		<-f.arrived
	}
}

func (f *sharedFeed) close() {
	f.unwatch()
	f.mu.Lock()
	f.closed = true
	f.events = nil
	f.mu.Unlock()
	f.leave()
}

// leave lets the stream forget it.
func (f *sharedFeed) leave() {
	f.mu.Lock()
	stream, requestID := f.stream, f.requestID
	f.mu.Unlock()
	if stream != nil {
		stream.forget(requestID, f)
	}
}

func (f *sharedFeed) signal() {
	select {
	case f.arrived <- struct{}{}:
	default:
	}
}
