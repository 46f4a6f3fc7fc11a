package atedispatcher

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	// connectingDelay is how long an attempt to open a session may take before it is reported.
	connectingDelay = time.Second
	// connectingInterval is the time between further reports of the same attempt.
	connectingInterval = 10 * time.Second
	// minLogInterval is the shortest time between two warnings that a peer is not connected.
	minLogInterval = time.Second
)

// isFinal reports whether every further session would fail in the same way. ABORTED means that a newer session with the
// same id replaced this one. A token function may return another token after UNAUTHENTICATED.
func (c *Client) isFinal(failure *Error) bool {
	switch failure.Code {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unimplemented, codes.Aborted:
		return true
	case codes.Unauthenticated:
		return c.options.tokens == nil || c.options.tokens.isFixed || failure.Reason == tokenNotSentReason
	}
	return errors.Is(failure, ErrClosed)
}

// supervisor opens the sessions of one peer, one after the other, until it is told to stop or no retry can succeed.
// Producers and listeners share it: they differ in what they send on a session, not in when they open one.
type supervisor struct {
	client   *Client
	onStatus func(Status)
	notifier notifier

	mu        sync.Mutex
	id        string
	isLive    bool
	loggedAt  time.Time     // when the log last said that the peer is not connected
	live      chan struct{} // closed while isLive, and once endErr is set
	endErr    error         // why no further session follows; nil if one may
	failure   *Error        // why the last session failed; nil while one is live and before the first
	isRunning bool
}

func newSupervisor(client *Client, id string, onStatus func(Status)) *supervisor {
	return &supervisor{client: client, onStatus: onStatus, id: id, live: make(chan struct{})}
}

// run calls runSession for one session after the other. It returns nil when runSession returns nil or the context ends,
// and an error when no retry can succeed.
func (s *supervisor) run(ctx context.Context, runSession func(context.Context) error) error {
	delays := newBackoff(s.client.options.reconnect)
	for {
		err := runSession(ctx)
		wasLive := s.setLost()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		failure := errorFromCall(err)
		if s.client.isFinal(failure) {
			return failure
		}
		s.setFailed(failure)
		if wasLive {
			delays.reset()
		}
		delay := max(delays.next(), failure.RetryDelay)
		s.reportStatus(Status{Kind: StatusDisconnected, Err: failure, RetryIn: delay})
		select {
		case <-time.After(delay):
		case <-s.client.connections.closed:
			return errClosed
		case <-ctx.Done():
			return nil
		}
	}
}

// open opens the stream of a session. Until the session is live or release is called, what keeps it is reported.
func (s *supervisor) open(ctx context.Context, method string) (opened *stream, release func(), err error) {
	progress := s.client.newProgress()
	watched, endWatch := context.WithCancel(ctx)
	s.reportConnecting(watched, progress, connectingDelay)
	opened, err = s.client.open(ctx, progress, method, nil, 0)
	if err != nil {
		endWatch()
		return nil, nil, err
	}
	return opened, func() {
		endWatch()
		opened.close(errClosed)
	}, nil
}

// reportConnecting reports what keeps a session after a delay, and then repeatedly, until the session is live or the
// context ends.
func (s *supervisor) reportConnecting(ctx context.Context, progress *progress, delay time.Duration) {
	timer := time.AfterFunc(delay, func() {
		if s.hasSession() || ctx.Err() != nil {
			return
		}
		keeps := &Error{Code: codes.Unavailable, Reason: "CONNECTING", Message: progress.describe()}
		s.reportStatus(Status{Kind: StatusConnecting, Err: keeps})
		s.reportConnecting(ctx, progress, connectingInterval)
	})
	context.AfterFunc(ctx, func() { timer.Stop() })
}

// setID stores the id under which the server knows the peer.
func (s *supervisor) setID(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
}

// setLive marks the session as live. It does nothing if the server repeats itself, or if the peer has ended meanwhile.
func (s *supervisor) setLive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLive || s.endErr != nil {
		return
	}
	s.isLive = true
	s.failure = nil
	close(s.live)
}

// hasSession reports whether a session is live.
func (s *supervisor) hasSession() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isLive
}

// setLost marks the session as lost and reports whether it was live.
func (s *supervisor) setLost() (wasLive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLive {
		return false
	}
	s.isLive = false
	s.live = make(chan struct{})
	return true
}

// setFailed stores why the last session failed, for callers of ready.
func (s *supervisor) setFailed(failure *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = failure
}

// claimRun fails if a run is in progress or no further session may follow; otherwise releaseRun or end must follow.
func (s *supervisor) claimRun() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr != nil {
		return s.endErr
	}
	if s.isRunning {
		return &Error{Code: codes.FailedPrecondition, Reason: "ALREADY_RUNNING", Message: "Run is in progress already"}
	}
	s.isRunning = true
	return nil
}

// releaseRun ends a run; another one may follow.
func (s *supervisor) releaseRun() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isRunning = false
}

// end says that no further session follows. Callers of ready get the reason. The first reason counts.
func (s *supervisor) end(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isRunning = false
	if s.endErr != nil {
		return
	}
	s.endErr = reason
	if !s.isLive {
		close(s.live)
	}
}

// ended returns the reason why no further session follows, or nil if one may.
func (s *supervisor) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr == nil && s.client.connections.areClosed() {
		return errClosed
	}
	return s.endErr
}

// ready waits until a session is live. It fails if no further session follows.
func (s *supervisor) ready(ctx context.Context) error {
	for {
		s.mu.Lock()
		isLive, endErr, live := s.isLive, s.endErr, s.live
		s.mu.Unlock()
		switch {
		case endErr != nil:
			return endErr
		case isLive:
			return nil
		}
		select {
		case <-live:
		case <-s.client.connections.closed:
			return errClosed
		case <-ctx.Done():
			return s.notReady(ctx)
		}
	}
}

// notReady returns the error of a caller of ready whose context has ended: it says why the last session failed.
func (s *supervisor) notReady(ctx context.Context) *Error {
	s.mu.Lock()
	last := s.failure
	s.mu.Unlock()
	failure := s.client.callError(ctx, ctx.Err())
	if last != nil {
		failure = failure.with("the last session failed: " + last.Error())
	}
	return failure
}

// currentID returns the id that the caller chose or the server minted; empty before the first session.
func (s *supervisor) currentID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// reportStatus passes a status to onStatus. Without onStatus, faults are logged, and at most once a second why there is
// no session, so that neither goes unnoticed.
func (s *supervisor) reportStatus(status Status) {
	if s.onStatus != nil {
		s.notifier.post(func() {
			if panicked, ok := contain(func() { s.onStatus(status) }); !ok {
				s.logError(callbackFailure("OnStatus", panicked))
			}
		})
		return
	}
	switch status.Kind {
	case StatusFault:
		s.notifier.post(func() { s.logError(status.Err) })
	case StatusConnecting, StatusDisconnected:
		s.mu.Lock()
		isDue := time.Since(s.loggedAt) >= minLogInterval
		if isDue {
			s.loggedAt = time.Now()
		}
		s.mu.Unlock()
		if isDue {
			s.notifier.log("ate-dispatcher: not connected", "peer", plainText(s.currentID()), "reason", plainText(status.Err.Error()))
		}
	}
}

// reportDisposition passes a disposition to onDisposition.
func (s *supervisor) reportDisposition(onDisposition func(string, Disposition), id string, state Disposition) {
	s.notifier.post(func() {
		if panicked, ok := contain(func() { onDisposition(id, state) }); !ok {
			s.callbackFailed("OnDisposition", panicked)
		}
	})
}

// callback calls a callback on this goroutine, and reports its panic as a fault. The panic of a callback of the program
// must not end the stream that called it.
func (s *supervisor) callback(name string, call func()) {
	defer func() {
		if p := recover(); p != nil {
			s.callbackFailed(name, p)
		}
	}()
	call()
}

func (s *supervisor) callbackFailed(name string, panicked any) {
	s.reportStatus(Status{Kind: StatusFault, Err: callbackFailure(name, panicked)})
}

func (s *supervisor) logError(err *Error) {
	slog.Error("ate-dispatcher: "+plainText(err.Message), "reason", plainText(err.Reason), "peer", plainText(s.currentID()))
}

// endedByServer is the error of a stream that the server ended without a status and without a request to end it.
func endedByServer() *Error {
	return &Error{Code: codes.Unavailable, Reason: "STREAM_ENDED", Message: "the server ended the stream"}
}
