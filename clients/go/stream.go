package atedispatcher

import (
	"context"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

const (
	// firstMessageTimeout bounds opening a stream, and then waiting for its first message.
	firstMessageTimeout = 20 * time.Second
	// maxHeartbeatDelay bounds how late a heartbeat may arrive, in addition to one heartbeat that may be missing.
	maxHeartbeatDelay = 5 * time.Second
	// recheckDelay leaves time to read messages that have arrived already. After this process was stalled, expired
	// timers fire before pending messages are read.
	recheckDelay = 50 * time.Millisecond
)

// stream is one streaming gRPC call. It fails with HEARTBEAT_LOST when the server stays silent for too long.
//
// Only the time spent in recv counts as silence, so a slow consumer never makes a healthy connection look dead.
type stream struct {
	grpc.ClientStream
	client    *Client
	progress  *progress
	attempt   *attempt // nil until the stream is open
	callerCtx context.Context
	ctx       context.Context
	cancel    context.CancelCauseFunc
	closing   sync.Once

	// openedAt is the zero of the monotonic clock that the fields below use.
	openedAt     time.Time
	silenceTimer *time.Timer
	maxSilence   atomic.Int64 // longest allowed silence, as a time.Duration
	expiresAt    atomic.Int64 // when the answer is due, as time since openedAt; 0 if never
	maxWait      atomic.Int64 // longest duration of the current wait
	isExpiring   atomic.Bool  // whether expiresAt, and not maxSilence, bounds the current wait
	waitingSince atomic.Int64 // start of the current wait, as time since openedAt; 0 if nothing waits
	suspected    atomic.Int64 // value of waitingSince at which silence was found once and is checked again
}

// open starts a call, whose answer is due when the bound ends; 0 means never. The context bounds the whole call; the
// caller must call close.
func (c *Client) open(
	ctx context.Context, progress *progress, method string, headers map[string]string, bound time.Duration,
) (*stream, error) {
	s := &stream{client: c, progress: progress, callerCtx: ctx, openedAt: progress.startedAt}
	s.ctx, s.cancel = context.WithCancelCause(c.outgoing(ctx, headers))
	s.silenceTimer = time.AfterFunc(firstMessageTimeout, s.checkSilence)
	s.maxSilence.Store(int64(firstMessageTimeout))
	s.expiresAt.Store(int64(bound))
	s.beginWait()
	err := s.connect(method)
	s.endWait()
	if err != nil {
		err = s.failure(err)
		s.close(err)
		return nil, err
	}
	return s, nil
}

// connect opens the stream on the first connection that has room for it.
func (s *stream) connect(method string) error {
	// A bidirectional description fits every streaming call: the sides decide how many messages they send.
	description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	ctx, err := s.client.withToken(s.ctx, s.progress)
	if err != nil {
		return err
	}
	for {
		a, err := s.client.connections.newAttempt(ctx)
		if err != nil {
			return err
		}
		s.progress.try(a)
		a.connection.reconnectNow(a.ctx)
		s.ClientStream, err = a.connection.conn.NewStream(a.ctx, description, method)
		if err == nil && !a.isMovable() {
			s.attempt = a
			return nil
		}
		a.release()
		if !a.isMovable() {
			return err
		}
	}
}

// send writes one message. It must not be called concurrently. If the call has ended, recv returns the reason.
func (s *stream) send(message []byte) error {
	return s.SendMsg(frame(message))
}

// sendAll writes all messages that the stream will have. A server that does not read them counts as silent.
func (s *stream) sendAll(messages [][]byte) {
	for _, message := range messages {
		s.beginWait()
		err := s.send(message)
		s.endWait()
		if err != nil {
			return
		}
	}
	_ = s.CloseSend()
}

// recv waits for the next message. It returns io.EOF at a regular end and an *Error otherwise.
func (s *stream) recv() (frame, error) {
	var message frame
	s.beginWait()
	err := s.RecvMsg(&message)
	s.endWait()
	if err == nil || err == io.EOF {
		return message, err
	}
	return nil, s.failure(err)
}

// setHeartbeatInterval stores the interval that the server announced; 0 changes nothing.
func (s *stream) setHeartbeatInterval(interval time.Duration) {
	if interval <= 0 {
		return
	}
	s.client.heartbeat.Store(int64(interval))
	s.maxSilence.Store(int64(maxSilenceFor(interval)))
}

// readHeartbeat decodes a heartbeat event and stores its interval.
func (s *stream) readHeartbeat(heartbeat event) error {
	var message dispatcherv1.Heartbeat
	err := heartbeat.read(&message)
	s.setHeartbeatInterval(message.GetInterval().AsDuration())
	return err
}

func maxSilenceFor(interval time.Duration) time.Duration {
	return saturatingAdd(saturatingAdd(interval, interval), min(interval, maxHeartbeatDelay))
}

// maxSilence returns the longest allowed silence, by the interval announced on any stream of this client. Before the
// first announcement there is no limit: gRPC's keepalive finds a dead connection then, only later.
func (c *Client) maxSilence() time.Duration {
	if interval := time.Duration(c.heartbeat.Load()); interval > 0 {
		return maxSilenceFor(interval)
	}
	return math.MaxInt64
}

// close ends the call; recv then returns the cause. It does nothing after the first time.
func (s *stream) close(cause error) {
	s.closing.Do(func() {
		s.cancel(cause)
		s.silenceTimer.Stop()
		if s.attempt != nil {
			s.attempt.release()
		}
	})
}

func (s *stream) beginWait() {
	now := time.Since(s.openedAt)
	maxWait := time.Duration(s.maxSilence.Load())
	expiresAt := time.Duration(s.expiresAt.Load())
	// A caller that reads late gets the answer that has arrived: each wait may take the reserve at least.
	untilExpiry := max(expiresAt-now, answerReserve)
	isExpiring := expiresAt > 0 && untilExpiry < maxWait
	if isExpiring {
		maxWait = untilExpiry
	}
	s.isExpiring.Store(isExpiring)
	s.maxWait.Store(int64(maxWait))
	s.waitingSince.Store(max(1, int64(now)))
	s.silenceTimer.Reset(maxWait)
}

func (s *stream) endWait() {
	s.waitingSince.Store(0)
	s.silenceTimer.Stop()
}

// checkSilence ends the call if the server has been silent for too long. It may run after its wait has ended, because
// Timer.Stop does not stop a function that has started.
func (s *stream) checkSilence() {
	since := s.waitingSince.Load()
	if since == 0 {
		return
	}
	silence := time.Since(s.openedAt) - time.Duration(since)
	if remaining := time.Duration(s.maxWait.Load()) - silence; remaining > 0 {
		s.silenceTimer.Reset(remaining)
		return
	}
	if s.suspected.Swap(since) != since {
		s.silenceTimer.Reset(recheckDelay)
		return
	}
	if s.isExpiring.Load() || !s.progress.wasSent() {
		s.cancel(s.progress.noAnswer(time.Since(s.openedAt)))
		return
	}
	s.progress.retire()
	s.cancel(&Error{
		Code:    codes.Unavailable,
		Reason:  "HEARTBEAT_LOST",
		Message: "the server was silent for " + silence.Round(time.Millisecond).String() + "; the connection is considered dead",
	})
}

// failure returns the error that really ended the call: a cancellation by this package wins over gRPC's own error.
func (s *stream) failure(err error) *Error {
	if own, ok := context.Cause(s.ctx).(*Error); ok {
		return own
	}
	return s.client.attemptError(s.callerCtx, s.progress, err)
}
