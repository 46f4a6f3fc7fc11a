package atedispatcher

// The life of a long stream: connect, be told that it is live, lose it, connect again, and end for good only when told
// to or when no retry can help. Producer and listener differ in what they say on the stream, not in this.

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// stableAfter is how long a session must have been live for its loss to be a new matter, to be retried soon.
const stableAfter = 5 * time.Second

// hopeless are the codes that the next try would end with, too. ABORTED means that a newer session of the id took over.
var hopeless = map[codes.Code]bool{
	codes.InvalidArgument:  true,
	codes.Unauthenticated:  true,
	codes.PermissionDenied: true,
	codes.Unimplemented:    true,
	codes.Aborted:          true,
}

// session keeps a peer connected.
type session struct {
	client   *Client
	onStatus func(Status)
	telling  sync.Mutex

	mu      sync.Mutex
	id      string
	isLive  bool
	liveAt  time.Time
	live    chan struct{} // closed while isLive, or when it is over
	over    error         // why there will be no further session; nil if there may be
	running bool
}

func newSession(client *Client, id string, onStatus func(Status)) *session {
	return &session{client: client, onStatus: onStatus, id: id, live: make(chan struct{})}
}

// keep opens one session after the other by once, which returns nil when it is over by intent. The context ends it, too.
func (s *session) keep(ctx context.Context, once func(context.Context) error) error {
	waits := newBackoff(s.client.options.reconnect)
	for {
		err := once(ctx)
		wasStable := s.lost()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		failure := errorFromCall(err)
		if hopeless[failure.Code] || errors.Is(failure, ErrClosed) {
			return failure
		}
		if wasStable {
			waits.reset()
		}
		delay := max(waits.next(), failure.RetryDelay)
		s.tell(Status{Kind: StatusDisconnected, Err: failure, RetryIn: delay})
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil
		}
	}
}

// identify notes the id of a session that is about to be live.
func (s *session) identify(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
}

// established notes that the session is live.
func (s *session) established() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isLive = true
	s.liveAt = time.Now()
	close(s.live)
}

// isConnected tells whether a session is live.
func (s *session) isConnected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isLive
}

// lost notes that the session, if there was one, is gone.
func (s *session) lost() (wasStable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLive {
		return false
	}
	s.isLive = false
	s.live = make(chan struct{})
	return time.Since(s.liveAt) >= stableAfter
}

// begin claims the session for one run.
func (s *session) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return s.over
	}
	if s.running {
		return &Error{Code: codes.FailedPrecondition, Reason: "ALREADY_RUNNING", Message: "it runs already"}
	}
	s.running = true
	return nil
}

// pause ends a run; another one may begin.
func (s *session) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

// end ends a run for good; who waits for a session is told why there will be none.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	if s.over != nil {
		return
	}
	s.over = why
	if !s.isLive {
		close(s.live)
	}
}

// ready waits until a session is live.
func (s *session) ready(ctx context.Context) error {
	for {
		s.mu.Lock()
		isLive, over, live := s.isLive, s.over, s.live
		s.mu.Unlock()
		switch {
		case isLive:
			return nil
		case over != nil:
			return over
		}
		select {
		case <-live:
		case <-ctx.Done():
			return s.client.callError(ctx, ctx.Err())
		}
	}
}

// currentID is the id as given or minted, and empty before the first session.
func (s *session) currentID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// tell reports a change, one at a time.
func (s *session) tell(change Status) {
	if s.onStatus == nil {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	s.onStatus(change)
}

// endedByServer is what a stream ends with that nobody asked to end.
func endedByServer() *Error {
	return &Error{Code: codes.Unavailable, Reason: "STREAM_ENDED", Message: "the server ended the stream"}
}
