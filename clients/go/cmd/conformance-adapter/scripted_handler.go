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

// scriptedHandler is the handler of one producer: it follows its behaviours and reports assignments and revocations.
type scriptedHandler struct {
	name       string
	behaviour  behaviour
	behaviours map[string]behaviour
	report     func(object)
	// close closes the producer; set once it exists.
	close func()

	mu        sync.Mutex
	repliable map[string]*repliableAssignment
}

// repliableAssignment is an assignment whose handler is running, so that producer.reply may answer it.
type repliableAssignment struct {
	// ctx ends when the handler gives up. The context of a stubborn handler never ends.
	ctx        context.Context
	assignment *atedispatcher.Assignment
	finish     chan behaviour
	// delivered is closed once the result was passed to the stream, or earlier by a revocation.
	delivered <-chan struct{}
	// ended is closed when the handler returns.
	ended chan struct{}
}

func (h *scriptedHandler) handle(ctx context.Context, a *atedispatcher.Assignment) (atedispatcher.Result, error) {
	how, ok := h.behaviours[a.Topic]
	if !ok {
		how = h.behaviour
	}
	revoked := ctx
	if how.Stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	m := &repliableAssignment{
		ctx: ctx, assignment: a, finish: make(chan behaviour), delivered: revoked.Done(), ended: make(chan struct{}),
	}
	// A producer.reply may follow the report at once, so the assignment must be known before.
	h.expect(m)
	defer h.forget(m)
	deadline, _ := revoked.Deadline()
	h.report(object{
		"event": "assignment", "producer": h.name, "request_id": a.RequestID, "topic": a.Topic, "attempt": a.Attempt,
		"args": a.Args, "kwargs": a.Kwargs, "data": a.Data, "content_type": a.ContentType,
		"attributes": a.Attributes, "context": a.Context, "remaining_ms": time.Until(deadline).Seconds() * 1000,
	})
	context.AfterFunc(revoked, func() {
		if why, ok := errors.AsType[*atedispatcher.Error](context.Cause(revoked)); ok {
			h.report(object{"event": "revoked", "producer": h.name, "request_id": a.RequestID, "reason": why.Reason})
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
	if how.Closes {
		h.close()
	}
	return h.result(a, how)
}

func (h *scriptedHandler) expect(m *repliableAssignment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repliable[m.assignment.RequestID] = m
}

func (h *scriptedHandler) forget(m *repliableAssignment) {
	close(m.ended)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.repliable[m.assignment.RequestID] == m {
		delete(h.repliable, m.assignment.RequestID)
	}
}

// reply executes producer.reply.
func (h *scriptedHandler) reply(c *command) error {
	h.mu.Lock()
	m, ok := h.repliable[c.RequestID]
	h.mu.Unlock()
	if !ok {
		return notFound(c.RequestID + " is not outstanding")
	}
	how := behaviour{outcome: c.outcome, Data: c.Data, MediaType: c.MediaType, Notes: c.Notes}
	if c.More {
		result, err := h.result(m.assignment, how)
		if err != nil {
			return err
		}
		return m.assignment.Send(m.ctx, result)
	}
	select {
	case m.finish <- how:
		<-m.delivered
		return nil
	case <-m.ended:
		return notFound(c.RequestID + " is no longer outstanding")
	}
}

func (h *scriptedHandler) result(a *atedispatcher.Assignment, how behaviour) (atedispatcher.Result, error) {
	var result atedispatcher.Result
	switch {
	case how.Unprintable != "":
		return result, unprintable(how.Unprintable)
	case how.Throw != nil:
		return result, errors.New(*how.Throw)
	case how.Error != nil:
		return result, &atedispatcher.Error{
			Code:     codes.Code(code.Code_value[how.Error.Code]),
			Message:  how.Error.Message,
			Metadata: how.Error.Metadata,
		}
	case how.Echo:
		return atedispatcher.Value(object{
			"id": h.name, "some_key": a.Topic, "args": a.Args, "kwargs": a.Kwargs,
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

// unprintable returns an error that is a nil pointer and so has no text, or one whose text cannot be read.
func unprintable(kind string) error {
	if kind == "no_text" {
		return (*atedispatcher.Error)(nil)
	}
	return panickingError{}
}

type panickingError struct{}

func (panickingError) Error() string {
	panic("this error has no text")
}

// afterCallback ends each callback of a producer or listener: it panics if the callbacks fail.
func (c *command) afterCallback() {
	if c.FailingCallbacks {
		panic(unprintable("text_fails"))
	}
}

func notFound(message string) error {
	return &atedispatcher.Error{Code: codes.NotFound, Reason: "NOT_FOUND", Message: message}
}
