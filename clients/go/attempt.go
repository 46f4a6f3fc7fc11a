package atedispatcher

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/stats"
)

// streamDelay is how long gRPC may take to give a call its stream on a ready connection, before the delay is checked
// once more. It needs no answer of the peer for that, so normally it takes microseconds.
const streamDelay = 50 * time.Millisecond

// attempt is one call on one connection, until it has its stream.
//
// The peer announces how many streams it admits, and gRPC makes a call beyond that wait until another stream ends. It
// tells neither the limit nor that a call waits. But it reports when a call begins and when it has its stream; a call
// that is between the two on a ready connection waits for the limit. The attempt is then given up before anything was
// sent, and the call moves to another connection.
type attempt struct {
	connections *connections
	connection  *connection
	ctx         context.Context
	cancel      context.CancelFunc

	mu          sync.Mutex
	timer       *time.Timer
	hasBegun    bool
	hasStream   bool
	isSuspected bool // whether the call was found waiting once
	isGivenUp   bool
}

// attemptKey is the key of the attempt in the context of its call.
type attemptKey struct{}

// newAttempt acquires a connection for a call; the caller must call release or giveUp.
func (c *connections) newAttempt(ctx context.Context) (*attempt, error) {
	used, err := c.acquire()
	if err != nil {
		return nil, err
	}
	a := &attempt{connections: c, connection: used}
	a.ctx, a.cancel = context.WithCancel(context.WithValue(ctx, attemptKey{}, a))
	return a, nil
}

// begin watches the attempt from now on: gRPC is about to choose a transport.
func (a *attempt) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.hasBegun {
		a.hasBegun = true
		a.timer = time.AfterFunc(streamDelay, a.check)
	}
}

// opened ends the watch: the call has its stream.
func (a *attempt) opened() {
	a.mu.Lock()
	isFirst := !a.hasStream
	a.hasStream = true
	if a.timer != nil {
		a.timer.Stop()
	}
	a.mu.Unlock()
	if isFirst {
		a.connections.opened(a.connection)
	}
}

// check gives the attempt up if it waits for the peer's limit. A first finding is checked once more, because after this
// process was stalled, expired timers fire before pending calls proceed.
func (a *attempt) check() {
	isReady := a.connection.conn.GetState() == connectivity.Ready
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.hasStream || a.ctx.Err() != nil:
	case !isReady:
		a.isSuspected = false
		a.timer.Reset(streamDelay)
	case !a.isSuspected:
		a.isSuspected = true
		a.timer.Reset(streamDelay)
	case a.connections.full(a.connection):
		a.isGivenUp = true
		a.cancel()
	default:
		// There is no other connection, so the call waits here.
	}
}

// isMovable reports whether the attempt was given up. Nothing was sent then, and nothing will be.
func (a *attempt) isMovable() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isGivenUp
}

// wasSent reports whether the call has got its stream.
func (a *attempt) wasSent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hasStream
}

// request is the encoded request of a unary call. It is not sent if the attempt was given up at the moment at which the
// call got its stream.
type request struct {
	attempt *attempt
	body    frame
}

var errGivenUp = errors.New("the call moves to another connection")

// release ends the call.
func (a *attempt) release() {
	a.mu.Lock()
	if a.timer != nil {
		a.timer.Stop()
	}
	hadStream := a.hasStream
	a.mu.Unlock()
	a.cancel()
	a.connections.release(a.connection, hadStream)
}

// streamEvents receives gRPC's events of one connection.
type streamEvents struct {
	connections *connections
	connection  *connection
}

var _ stats.Handler = (*streamEvents)(nil)

// TagRPC implements stats.Handler.
func (*streamEvents) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC implements stats.Handler.
func (*streamEvents) HandleRPC(ctx context.Context, event stats.RPCStats) {
	switch event.(type) {
	case *stats.Begin:
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			a.begin()
		}
	case *stats.OutHeader:
		if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
			a.opened()
		}
	}
}

// TagConn implements stats.Handler.
func (*streamEvents) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (e *streamEvents) HandleConn(_ context.Context, event stats.ConnStats) {
	if _, ok := event.(*stats.ConnBegin); ok {
		e.connections.connected(e.connection)
	}
}
