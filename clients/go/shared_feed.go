package atedispatcher

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// maxFeedEvents bounds how many results are queued for a gather that is not read.
const maxFeedEvents = 65_536

// sharedFeed is the feed of a gather that shares its stream with others. It queues the gather's events, so that a
// gather that is not read does not block the stream.
type sharedFeed struct {
	stopWatching func() bool
	startedAt    time.Time

	mu        sync.Mutex
	events    []event
	err       error
	arrived   chan struct{} // holds a token while next may have something to return
	stream    *submitStream
	requestID string
	expiresAt time.Time // when the summary is due
	closed    bool
}

// newSharedFeed returns a feed that fails when the context ends.
func newSharedFeed(ctx context.Context) *sharedFeed {
	f := &sharedFeed{startedAt: time.Now(), arrived: make(chan struct{}, 1)}
	f.stopWatching = context.AfterFunc(ctx, func() {
		failure := *errorFromCall(ctx.Err())
		failure.cause = context.Cause(ctx)
		f.fail(&failure)
		f.detach()
	})
	return f
}

// attach sets the gather that the feed belongs to. A feed that has failed already cancels the gather.
func (f *sharedFeed) attach(stream *submitStream, acceptance *Acceptance) {
	f.mu.Lock()
	f.stream, f.requestID = stream, acceptance.RequestID
	// A busy server takes up a request late, and its TTL begins then.
	f.expiresAt = time.Now().Add(saturatingAdd(acceptance.TTL, answerReserve))
	hasFailed := f.err != nil
	f.mu.Unlock()
	if hasFailed {
		f.detach()
	}
}

// push enqueues an event. Beyond maxFeedEvents, the feed fails with ErrResourceExhausted and cancels its gather.
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
			Message: "65536 results are queued and not read; read faster, or use Client.Gather, whose flow control makes the server wait",
		})
		f.detach()
	}
	f.signal()
}

// fail ends the feed with an error; next returns the queued events first.
func (f *sharedFeed) fail(err error) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	f.signal()
}

// next implements gatherFeed.
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
		err, stream := f.err, f.stream
		// A caller that reads late gets the events that have arrived: each wait may take the reserve at least.
		wait := max(time.Until(f.expiresAt), answerReserve)
		f.mu.Unlock()
		if err != nil {
			return event{}, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-f.arrived:
			timer.Stop()
		case <-timer.C:
			f.fail(stream.noAnswer(f.startedAt, time.Since(f.startedAt)))
			f.detach()
		}
	}
}

func (f *sharedFeed) close() {
	f.stopWatching()
	f.mu.Lock()
	f.closed = true
	f.events = nil
	f.mu.Unlock()
	f.detach()
}

// detach releases the gather from the stream, which cancels it if it has not ended.
func (f *sharedFeed) detach() {
	f.mu.Lock()
	stream, requestID := f.stream, f.requestID
	f.mu.Unlock()
	if stream != nil {
		stream.release(requestID, f)
	}
}

func (f *sharedFeed) signal() {
	select {
	case f.arrived <- struct{}{}:
	default:
	}
}
