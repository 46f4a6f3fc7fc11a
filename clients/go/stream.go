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
	// firstMessageLimit is how long a stream may take to be opened, and then until its first message.
	firstMessageLimit = 20 * time.Second
	// maxSlack is how much later than promised a heartbeat may be at most, beyond the one that may be missing.
	maxSlack = 5 * time.Second
	// secondLook is the time to read what has arrived, before a link is taken for dead: after a stall of this very
	// process, timers fire first.
	secondLook = 50 * time.Millisecond
)

// bidiStream fits every streaming call: what either side sends decides how many messages there are.
var bidiStream = grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

// began is where the monotonic clock of the watches starts.
var began = time.Now()

// stream is one call whose server is expected to be heard now and then. Only the time spent waiting for a message
// counts: a consumer that takes its time finds nobody dead.
type stream struct {
	grpc.ClientStream
	client *Client
	link   *link
	parent context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  sync.Once

	watch   *time.Timer
	limit   atomic.Int64 // longest silence
	waiting atomic.Int64 // since when, as time since began; 0 if nobody waits
	looked  atomic.Int64 // the wait that had its first look, as the value of waiting
}

// open begins a call. The context bounds all of it; close must be called.
func (c *Client) open(ctx context.Context, method string, headers map[string]string) (*stream, error) {
	link, err := c.links.acquire()
	if err != nil {
		return nil, err
	}
	s := &stream{client: c, link: link, parent: ctx}
	s.ctx, s.cancel = context.WithCancelCause(c.outgoing(ctx, headers))
	s.watch = time.AfterFunc(firstMessageLimit, s.look)
	s.limit.Store(int64(firstMessageLimit))
	s.beginWait()
	link.hurry(s.ctx)
	s.ClientStream, err = link.conn.NewStream(s.ctx, &bidiStream, method)
	s.endWait()
	if err != nil {
		err = s.failure(err)
		s.close(err)
		return nil, err
	}
	return s, nil
}

// send writes one message; not for several goroutines at once. What the call ended by comes out of recv.
func (s *stream) send(message []byte) error {
	return s.SendMsg(frame(message))
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

// expect notes how often the server promises to be heard; 0 changes nothing.
func (s *stream) expect(interval time.Duration) {
	if interval <= 0 {
		return
	}
	s.client.heartbeat.Store(int64(interval))
	s.limit.Store(int64(silenceLimit(interval)))
}

// heard reads a heartbeat.
func (s *stream) heard(heartbeat event) error {
	var message dispatcherv1.Heartbeat
	err := heartbeat.read(&message)
	s.expect(message.GetInterval().AsDuration())
	return err
}

func silenceLimit(interval time.Duration) time.Duration {
	return 2*interval + min(interval, maxSlack)
}

// silenceLimit is what is known of it from any stream; for ever before, since gRPC's own keepalive finds a dead link,
// too, if later.
func (c *Client) silenceLimit() time.Duration {
	if interval := time.Duration(c.heartbeat.Load()); interval > 0 {
		return silenceLimit(interval)
	}
	return math.MaxInt64
}

// close ends the call, if it has not ended, for a reason that recv then returns.
func (s *stream) close(cause error) {
	s.ended.Do(func() {
		s.cancel(cause)
		s.watch.Stop()
		s.client.links.release(s.link)
	})
}

func (s *stream) beginWait() {
	s.waiting.Store(max(1, int64(time.Since(began))))
	s.watch.Reset(time.Duration(s.limit.Load()))
}

func (s *stream) endWait() {
	s.waiting.Store(0)
	s.watch.Stop()
}

// look may come for a wait that is over, because stopping a timer does not stop what has begun.
func (s *stream) look() {
	since := s.waiting.Load()
	if since == 0 {
		return
	}
	silent := time.Since(began) - time.Duration(since)
	if left := time.Duration(s.limit.Load()) - silent; left > 0 {
		s.watch.Reset(left)
		return
	}
	if s.looked.Swap(since) != since {
		s.watch.Reset(secondLook)
		return
	}
	s.client.links.retire(s.link)
	s.cancel(&Error{
		Code:    codes.Unavailable,
		Reason:  "HEARTBEAT_LOST",
		Message: "nothing was heard for " + silent.Round(time.Millisecond).String() + "; the link is taken for dead",
	})
}

// failure finds out what a call really ended by.
func (s *stream) failure(err error) *Error {
	if own, ok := context.Cause(s.ctx).(*Error); ok {
		return own
	}
	return s.client.callError(s.parent, err)
}
