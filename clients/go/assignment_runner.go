package atedispatcher

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// replySender sends the results of one session.
type replySender interface {
	// reply sends an encoded result, and waits while the stream is congested. It fails with ErrResultTooLarge.
	reply(ctx context.Context, assignmentID string, more bool, result []byte) error
}

// assignmentRunner holds the outstanding assignments of a producer and runs their handlers.
//
// It never runs more handlers at a time than the concurrency allows. The server alone cannot guarantee that: it frees
// the credit of a revoked assignment at once, while the handler may still be running.
type assignmentRunner struct {
	handler  Handler
	panicked func(*Error)

	mu          sync.Mutex
	concurrency int
	running     int
	queued      []*outstandingAssignment
	outstanding map[string]*outstandingAssignment
	goroutines  map[uint64]struct{} // those that run handlers
	idle        chan struct{}       // closed when no handler runs; nil if nobody waits
}

// outstandingAssignment is an assignment without a final result yet.
type outstandingAssignment struct {
	wire   wireAssignment
	sender replySender
	ctx    context.Context // the handler's
	revoke context.CancelCauseFunc
	stop   context.CancelFunc // releases the timer of the TTL
	// isAnswered is true once the handler has returned, whether or not its result is sent.
	isAnswered atomic.Bool
}

func newAssignmentRunner(handler Handler, panicked func(*Error)) *assignmentRunner {
	return &assignmentRunner{
		handler: handler, panicked: panicked, concurrency: 1,
		outstanding: map[string]*outstandingAssignment{}, goroutines: map[uint64]struct{}{},
	}
}

// setConcurrency changes how many handlers may run at a time. Running handlers continue.
func (r *assignmentRunner) setConcurrency(concurrency int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.concurrency = concurrency
	r.startQueued()
}

// assign enqueues an assignment; its handler runs as soon as the concurrency allows. The TTL starts now. The handler's
// context carries the values of ctx.
func (r *assignmentRunner) assign(ctx context.Context, wire wireAssignment, sender replySender) {
	a := &outstandingAssignment{wire: wire, sender: sender}
	ctx, a.revoke = context.WithCancelCause(context.WithValue(ctx, runnerKey{}, r))
	a.ctx, a.stop = context.WithTimeoutCause(ctx, wire.ttl, ErrExpired)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outstanding[wire.assignmentID] = a
	r.queued = append(r.queued, a)
	r.startQueued()
}

// revoke ends the handlers' contexts of assignments. It ignores unknown ids: those assignments have been answered.
func (r *assignmentRunner) revoke(assignmentIDs []string, reason *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range assignmentIDs {
		r.revokeLocked(id, reason)
	}
	r.removeRevoked()
}

// revokeAll revokes every assignment.
func (r *assignmentRunner) revokeAll(reason *Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.outstanding {
		r.revokeLocked(id, reason)
	}
	r.removeRevoked()
}

// revokeLocked revokes one assignment. The caller holds the lock.
func (r *assignmentRunner) revokeLocked(id string, reason *Error) {
	if a, ok := r.outstanding[id]; ok {
		delete(r.outstanding, id)
		a.revoke(reason)
	}
}

// removeRevoked drops revoked assignments from the queue, which would grow without bound behind a handler that never
// returns. The caller holds the lock.
func (r *assignmentRunner) removeRevoked() {
	r.queued = slices.DeleteFunc(r.queued, func(a *outstandingAssignment) bool {
		return r.outstanding[a.wire.assignmentID] != a
	})
}

// runnerKey is the key of the runner in the contexts of its handlers.
type runnerKey struct{}

// isHandler reports whether a call with this context comes from a handler of this runner.
func (r *assignmentRunner) isHandler(ctx context.Context) bool {
	if ctx.Value(runnerKey{}) == r {
		return true
	}
	goroutine := currentGoroutine()
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.goroutines[goroutine]
	return ok
}

// waitIdle returns when no handler runs, or the context ends.
func (r *assignmentRunner) waitIdle(ctx context.Context) {
	r.mu.Lock()
	if r.running == 0 {
		r.mu.Unlock()
		return
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// startQueued starts as many queued handlers as the concurrency allows. The caller holds the lock.
func (r *assignmentRunner) startQueued() {
	for len(r.queued) > 0 && r.running < r.concurrency {
		a := r.queued[0]
		r.queued[0] = nil
		r.queued = r.queued[1:]
		if a.ctx.Err() != nil {
			// Its TTL ran out while it waited, and its revocation has not arrived yet.
			delete(r.outstanding, a.wire.assignmentID)
			a.stop()
			continue
		}
		r.running++
		go r.run(a)
	}
}

func (r *assignmentRunner) run(a *outstandingAssignment) {
	goroutine := currentGoroutine()
	r.mu.Lock()
	r.goroutines[goroutine] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.goroutines, goroutine)
		if r.outstanding[a.wire.assignmentID] == a {
			delete(r.outstanding, a.wire.assignmentID)
		}
		a.revoke(context.Canceled)
		a.stop()
		r.running--
		r.startQueued()
		if r.running == 0 && r.idle != nil {
			close(r.idle)
			r.idle = nil
		}
	}()
	assignment, err := newAssignment(a.wire)
	if err != nil {
		a.answer(nil, err)
		return
	}
	assignment.send = a.sendPartial
	r.callHandler(a, assignment)
}

// callHandler sends an answer even if the handler, or the encoding of its result, panics or ends its goroutine, as
// testing.T.FailNow does.
func (r *assignmentRunner) callHandler(a *outstandingAssignment, assignment *Assignment) {
	var encoded []byte
	var err error = &Error{Code: codes.Internal, Reason: "HANDLER_EXITED", Message: "the handler ended its goroutine"}
	defer func() {
		if p := recover(); p != nil {
			err = r.panicError(a, p)
		}
		a.answer(encoded, err)
	}()
	result, handlerErr := r.handler(a.ctx, assignment)
	a.isAnswered.Store(true)
	if handlerErr != nil {
		err = handlerErr
		return
	}
	encoded, err = encodeAnswer(result)
}

// panicError returns the error result of a panic, and reports the panic with its stack to the program.
func (r *assignmentRunner) panicError(a *outstandingAssignment, value any) *Error {
	failure := &Error{Code: codes.Internal, Reason: "HANDLER_PANICKED", Message: "the handler panicked: " + panicText(value)}
	if a.isAnswered.Load() {
		failure.Reason = "UNSERIALIZABLE_RESULT"
		failure.Message = "the result panicked while it was encoded: " + panicText(value)
	}
	reported := *failure
	reported.Reason = "HANDLER_PANICKED"
	reported.Message += "\n" + string(debug.Stack())
	r.panicked(&reported)
	return failure
}

// answer sends the final result, or the error if it is not nil. After a revocation it still sends a result, which
// listeners may receive as a late result, but no error: the error of a revoked handler only says that it gave up.
func (a *outstandingAssignment) answer(encoded []byte, err error) {
	a.isAnswered.Store(true)
	isRevoked := a.ctx.Err() != nil
	if !a.isDeliverable() {
		return
	}
	ctx := context.WithoutCancel(a.ctx)
	if err == nil {
		err = a.sender.reply(ctx, a.wire.assignmentID, false, encoded)
	}
	if err != nil && !isRevoked {
		_ = a.sender.reply(ctx, a.wire.assignmentID, false, encodeFailure(failureStatus(err)))
	}
}

// isDeliverable reports whether anyone can still receive a result: not after the session or the server has ended.
func (a *outstandingAssignment) isDeliverable() bool {
	cause, ok := errors.AsType[*Error](context.Cause(a.ctx))
	if !ok {
		return true
	}
	switch cause.Reason {
	case "SHUTDOWN", "SESSION_LOST", "CLOSED":
		return false
	}
	return true
}

// sendPartial implements Assignment.Send.
func (a *outstandingAssignment) sendPartial(ctx context.Context, result Result) error {
	encoded, err := result.encode()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if a.isAnswered.Load() {
		return context.Canceled
	}
	if !a.isDeliverable() {
		return context.Cause(a.ctx)
	}
	return a.sender.reply(ctx, a.wire.assignmentID, true, encoded)
}
