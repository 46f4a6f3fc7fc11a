package atedispatcher

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// replies is where the results of one session go.
type replies interface {
	// reply sends an encoded result, and waits while the stream is congested. It fails if it is too large.
	reply(ctx context.Context, assignmentID string, more bool, result []byte) error
}

// unheard are the reasons of a revocation after which nobody hears what the handler still says.
var unheard = map[string]bool{"SHUTDOWN": true, "SESSION_LOST": true, "CLOSED": true}

// work is the assignments that a producer owes an answer, and the handlers at work on them: never more at a time than
// the limit, though the server takes a revoked assignment for done while its handler may still be busy with it.
type work struct {
	handler  Handler
	panicked func(*Error)

	mu      sync.Mutex
	limit   int
	running int
	waiting []*task
	open    map[string]*task
	idle    chan struct{} // closed when nothing runs; nil if nobody waits
}

// task is one assignment.
type task struct {
	wire   wireAssignment
	to     replies
	ctx    context.Context
	revoke context.CancelCauseFunc
	stop   context.CancelFunc
	// isAnswered is set with the final result, also with one that is not sent.
	isAnswered atomic.Bool
}

func newWork(handler Handler, panicked func(*Error)) *work {
	return &work{handler: handler, panicked: panicked, limit: 1, open: map[string]*task{}}
}

// setLimit changes how many handlers may run at a time.
func (w *work) setLimit(limit int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = limit
	w.start()
}

// assign runs the handler, in its turn. The context passes on its values.
func (w *work) assign(ctx context.Context, wire wireAssignment, to replies) {
	t := &task{wire: wire, to: to}
	ctx, t.revoke = context.WithCancelCause(ctx)
	t.ctx, t.stop = context.WithTimeoutCause(ctx, wire.ttl, ErrExpired)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[wire.assignmentID] = t
	w.waiting = append(w.waiting, t)
	w.start()
}

// revoke withdraws assignments; unknown ones were answered already.
func (w *work) revoke(assignmentIDs []string, why *Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range assignmentIDs {
		w.withdraw(id, why)
	}
	w.dropRevoked()
}

// abandon withdraws everything.
func (w *work) abandon(why *Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.open {
		w.withdraw(id, why)
	}
	w.dropRevoked()
}

func (w *work) withdraw(id string, why *Error) {
	if t, ok := w.open[id]; ok {
		delete(w.open, id)
		t.revoke(why)
	}
}

// dropRevoked keeps what a stuck handler holds up from piling up.
func (w *work) dropRevoked() {
	w.waiting = slices.DeleteFunc(w.waiting, func(t *task) bool { return w.open[t.wire.assignmentID] != t })
}

// wait returns when no handler runs, or the context ends.
func (w *work) wait(ctx context.Context) {
	w.mu.Lock()
	if w.running == 0 {
		w.mu.Unlock()
		return
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// start begins what may begin. The lock is held.
func (w *work) start() {
	for len(w.waiting) > 0 && w.running < w.limit {
		t := w.waiting[0]
		w.waiting[0] = nil
		w.waiting = w.waiting[1:]
		w.running++
		go w.run(t)
	}
}

func (w *work) run(t *task) {
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[t.wire.assignmentID] == t {
			delete(w.open, t.wire.assignmentID)
		}
		t.revoke(context.Canceled)
		t.stop()
		w.running--
		w.start()
		if w.running == 0 && w.idle != nil {
			close(w.idle)
			w.idle = nil
		}
	}()
	assignment, err := newAssignment(t.wire)
	if err != nil {
		t.answer(Result{}, err)
		return
	}
	assignment.send = t.sendPartial
	w.handle(t, assignment)
}

// handle answers even if the handler panics, or ends its goroutine, as a failed test does.
func (w *work) handle(t *task, assignment *Assignment) {
	var result Result
	var err error = &Error{Code: codes.Internal, Reason: "HANDLER_EXITED", Message: "the handler ended its goroutine"}
	defer func() {
		if p := recover(); p != nil {
			message := fmt.Sprint("the handler panicked: ", p)
			err = &Error{Code: codes.Internal, Reason: "HANDLER_PANICKED", Message: message}
			w.panicked(&Error{Code: codes.Internal, Reason: "HANDLER_PANICKED", Message: message + "\n" + string(debug.Stack())})
		}
		t.answer(result, err)
	}()
	result, err = w.handler(t.ctx, assignment)
}

// answer sends the final result. One that comes too late may still be of interest; an error then only says that.
func (t *task) answer(result Result, err error) {
	t.isAnswered.Store(true)
	isRevoked := t.ctx.Err() != nil
	if !t.isHeard() {
		return
	}
	ctx := context.WithoutCancel(t.ctx)
	if err == nil {
		var encoded []byte
		if encoded, err = encodeAnswer(result); err == nil {
			err = t.to.reply(ctx, t.wire.assignmentID, false, encoded)
		}
	}
	if err != nil && !isRevoked {
		_ = t.to.reply(ctx, t.wire.assignmentID, false, encodeFailure(failureStatus(err)))
	}
}

func (t *task) isHeard() bool {
	why, ok := errors.AsType[*Error](context.Cause(t.ctx))
	return !ok || !unheard[why.Reason]
}

func (t *task) sendPartial(ctx context.Context, result Result) error {
	encoded, err := result.encode()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if t.isAnswered.Load() {
		return context.Canceled
	}
	if !t.isHeard() {
		return context.Cause(t.ctx)
	}
	return t.to.reply(ctx, t.wire.assignmentID, true, encoded)
}
