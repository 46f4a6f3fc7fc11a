package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
)

// worker is the handler of one producer: it does what its behaviours say, and reports what it sees.
type worker struct {
	name       string
	behaviour  behaviour
	behaviours map[string]behaviour
	report     func(object)

	mu     sync.Mutex
	manual map[string]*manual
}

// manual is an assignment that may be answered by command.
type manual struct {
	// ctx ends when the handler gives up: never, if it is stubborn.
	ctx        context.Context
	assignment *atedispatcher.Assignment
	finish     chan behaviour
	// handed is closed once the result was handed over, or earlier, if nobody wants it.
	handed <-chan struct{}
	// gone is closed when the handler ends.
	gone chan struct{}
}

func (w *worker) handle(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
	how, ok := w.behaviours[a.Topic]
	if !ok {
		how = w.behaviour
	}
	revoked := ctx
	if how.Stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	m := &manual{
		ctx: ctx, assignment: a, finish: make(chan behaviour), handed: revoked.Done(), gone: make(chan struct{}),
	}
	// Before it is reported, because the command may follow at once.
	w.expect(m)
	defer w.forget(m)
	deadline, _ := revoked.Deadline()
	w.report(object{
		"event": "assignment", "producer": w.name, "request_id": a.RequestID, "topic": a.Topic, "attempt": a.Attempt,
		"args": a.Args, "kwargs": a.Kwargs, "data": a.Data, "content_type": a.ContentType,
		"attributes": a.Attributes, "context": a.Context, "remaining_ms": time.Until(deadline).Seconds() * 1000,
	})
	context.AfterFunc(revoked, func() {
		if why, ok := errors.AsType[*atedispatcher.Error](context.Cause(revoked)); ok {
			w.report(object{"event": "revoked", "producer": w.name, "request_id": a.RequestID, "reason": why.Reason})
		}
	})
	if how.Mute || how.Manual {
		select {
		case how = <-m.finish:
		case <-ctx.Done():
		}
	} else if how.DelayMs > 0 {
		select {
		case <-time.After(milliseconds(how.DelayMs)):
		case <-ctx.Done():
		}
	}
	for part := range how.Partials {
		if err := a.Send(ctx, atedispatcher.Value(object{"part": part + 1})); err != nil {
			return atedispatcher.Result{}, err
		}
	}
	if ctx.Err() != nil {
		return atedispatcher.Result{}, context.Cause(ctx)
	}
	return w.result(a, how)
}

func (w *worker) expect(m *manual) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.manual[m.assignment.RequestID] = m
}

func (w *worker) forget(m *manual) {
	close(m.gone)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.manual[m.assignment.RequestID] == m {
		delete(w.manual, m.assignment.RequestID)
	}
}

// reply answers an assignment by command.
func (w *worker) reply(c *command) error {
	w.mu.Lock()
	m, ok := w.manual[c.RequestID]
	w.mu.Unlock()
	if !ok {
		return notFound(c.RequestID + " is not outstanding")
	}
	how := behaviour{outcome: c.outcome, Data: c.Data, MediaType: c.MediaType, Notes: c.Notes}
	if c.More {
		result, err := w.result(m.assignment, how)
		if err != nil {
			return err
		}
		return m.assignment.Send(m.ctx, result)
	}
	select {
	case m.finish <- how:
		<-m.handed
		return nil
	case <-m.gone:
		return notFound(c.RequestID + " is not outstanding any more")
	}
}

func (w *worker) result(a *atedispatcher.Assignment, how behaviour) (atedispatcher.Result, error) {
	var result atedispatcher.Result
	switch {
	case how.Throw != nil:
		return result, errors.New(*how.Throw)
	case how.Error != nil:
		return result, &atedispatcher.Error{
			Code:    codes.Code(code.Code_value[how.Error.Code]),
			Message: how.Error.Message,
		}
	case how.Echo:
		return atedispatcher.Value(object{
			"id": w.name, "some_key": a.Topic, "args": a.Args, "kwargs": a.Kwargs,
		}), nil
	case how.EchoData:
		result = atedispatcher.Data(a.Data, a.ContentType)
	case how.Data != nil:
		result = atedispatcher.Data(*how.Data, how.MediaType)
	default:
		result = atedispatcher.Value(how.Value)
	}
	result.Attributes = how.Notes
	return result, nil
}

func notFound(message string) error {
	return &atedispatcher.Error{Code: codes.NotFound, Reason: "NOT_FOUND", Message: message}
}
