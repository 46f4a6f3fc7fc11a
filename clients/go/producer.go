package atedispatcher

import (
	"context"
	"log/slog"
	"sync"
	"time"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// defaultGrace is what container platforms commonly grant a process to stop.
const defaultGrace = 30 * time.Second

// ProducerOptions says how a producer answers. Every zero value leaves the decision to the server.
type ProducerOptions struct {
	// ID is 1 to 128 printable ASCII characters without spaces; the newest session of an id wins. Empty: the server
	// mints one.
	ID string
	// DisplayName is for people; at most 256 bytes.
	DisplayName string
	// Labels are what selectors match; at most 32.
	Labels map[string]string
	// Registrations are joined beside the topics that NewProducer was given, and can be in groups.
	Registrations []Registration
	// Concurrency is how many handlers run at a time; 1 means one after the other. 0: the server's default, 256.
	Concurrency int
	// MaxBacklog is how many further requests may wait at the server for their turn. 0: the server's default, 1,024.
	MaxBacklog int
	// Grace is how long handlers may still take after the context of Run has ended. 0: 30 s.
	Grace time.Duration
	// OnDisposition is told what became of each reply, in order; it holds up the stream while it runs, and so cannot
	// wait for Register, Deregister or Close.
	OnDisposition func(assignmentID string, state Disposition)
	// OnStatus is told what happens to the session; it holds up the session while it runs, as OnDisposition does.
	OnStatus func(Status)
}

// Disposition is what became of a reply. A server newer than this package may send another one, as its number.
type Disposition string

// What became of a reply.
const (
	// DispositionAccepted: it was in time.
	DispositionAccepted Disposition = "ACCEPTED"
	// DispositionLate: it came after the TTL.
	DispositionLate Disposition = "LATE"
	// DispositionDuplicate: the assignment had its final answer already.
	DispositionDuplicate Disposition = "DUPLICATE"
	// DispositionUnknown: no such assignment was given to this session, or it ended too long ago to tell.
	DispositionUnknown Disposition = "UNKNOWN"
	// DispositionCancelled: the assignment was revoked before its TTL.
	DispositionCancelled Disposition = "CANCELLED"
)

// Producer answers requests while Run runs, and stays connected and registered until then. Its other methods are for
// any goroutine, handlers included.
type Producer struct {
	client        *Client
	options       ProducerOptions
	registrations registrations
	supervisor    *supervisor
	runner        *assignmentRunner
	done          chan struct{} // closed when Run has returned
	finish        func()        // closes done, once

	mu          sync.Mutex
	concurrency int
	isStarted   bool
	isClosing   bool
	current     *producerSession        // while one is live
	disconnect  context.CancelCauseFunc // ends the sessions, and the tries to open one
	stop        context.CancelCauseFunc // abandons the handlers, too
	drainErr    error                   // what cut the drain short
}

// NewProducer makes a producer that answers requests on topics, or patterns of topics: * stands for one token, > as the
// last one for one or more. [Producer.Run] connects it.
func (c *Client) NewProducer(topics []string, handler Handler, options ProducerOptions) *Producer {
	p := &Producer{client: c, options: options, concurrency: options.Concurrency, done: make(chan struct{})}
	p.finish = sync.OnceFunc(func() { close(p.done) })
	p.supervisor = newSupervisor(c, options.ID, options.OnStatus)
	p.runner = newAssignmentRunner(handler, p.reportFault)
	for _, topic := range topics {
		p.registrations.set(Registration{Topic: topic})
	}
	for _, registration := range options.Registrations {
		p.registrations.set(registration)
	}
	return p
}

// Run answers requests until the context ends or Close is called, and reconnects in between. It may be called once.
//
// It returns nil after a drain: no new work was taken, and all handlers have returned and their results are delivered.
// It returns an error if that was cut short, or if the server refuses the producer in a way that no retry can mend,
// such as ErrInvalidArgument or ErrSessionReplaced. Handlers get the values of the context, but not its end.
func (p *Producer) Run(ctx context.Context) error {
	if err := p.supervisor.claimRun(); err != nil {
		return err
	}
	run, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	sessions, disconnect := context.WithCancelCause(run)
	defer disconnect(nil)
	p.mu.Lock()
	p.isStarted = true
	p.disconnect, p.stop = disconnect, stop
	p.mu.Unlock()
	graceTimer := time.AfterFunc(time.Hour, func() { stop(errClosed) })
	graceTimer.Stop()
	defer graceTimer.Stop()
	stopWatching := context.AfterFunc(ctx, func() {
		graceTimer.Reset(p.grace())
		p.beginClosing()
	})
	defer stopWatching()

	err := p.supervisor.run(sessions, p.runSession)
	p.runner.waitIdle(run)
	if err == nil {
		err = p.drainErr
	}
	if err == nil && run.Err() != nil {
		err = errClosed
	}
	over := err
	if over == nil {
		over = errClosed
	}
	p.supervisor.end(over)
	p.registrations.end(errorFromCall(over))
	p.finish()
	return err
}

// Ready waits until the producer is live: every request accepted from then on is assigned to it. It fails if there will
// be no further session.
func (p *Producer) Ready(ctx context.Context) error {
	return p.supervisor.ready(ctx)
}

// ID is its id, as given or minted; empty before the first session.
func (p *Producer) ID() string {
	return p.supervisor.currentID()
}

// Register joins a topic or pattern, also for later sessions; the newest group holds. It returns once that is live,
// after a reconnect if need be, and at once before Run. If the server refuses it, the producer goes on without it. If
// the context ends first, it may still take effect.
func (p *Producer) Register(ctx context.Context, topic, group string) error {
	return p.change(ctx, p.registrations.register(Registration{Topic: topic, Group: group}))
}

// Deregister leaves a topic or pattern, written as it was registered. What was assigned before may still be answered.
// It returns as Register does.
func (p *Producer) Deregister(ctx context.Context, topic string) error {
	return p.change(ctx, p.registrations.deregister(topic))
}

// SetConcurrency changes how many handlers run at a time; from 1. What is at work goes on.
func (p *Producer) SetConcurrency(concurrency int) error {
	window, err := count("concurrency", concurrency)
	if err == nil && concurrency < 1 {
		err = invalidArgument("concurrency", "is %d; it is a number from 1", concurrency)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.concurrency = concurrency
	if p.current == nil {
		return nil
	}
	p.runner.setConcurrency(concurrency)
	p.current.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_UpdateCredit{
		UpdateCredit: &dispatcherv1.UpdateCredit{MaxOutstanding: window},
	}})
	return nil
}

// Close drains: no new work is taken, and what is under way is finished. It returns nil when Run has returned. If the
// context ends first, the work is abandoned, with ErrClosed as the cause of the handlers' contexts.
func (p *Producer) Close(ctx context.Context) error {
	p.beginClosing()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	stop := p.stop
	p.mu.Unlock()
	stop(errClosed)
	<-p.done
	return p.client.callError(ctx, ctx.Err())
}

func (p *Producer) beginClosing() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosing {
		return
	}
	p.isClosing = true
	switch {
	case !p.isStarted:
		p.supervisor.end(errClosed)
		p.finish()
	case p.current != nil:
		p.current.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Drain{
			Drain: &dispatcherv1.Drain{},
		}})
	default:
		// Nothing can be outstanding without a session.
		p.disconnect(errClosed)
	}
}

func (p *Producer) change(ctx context.Context, change *registrationChange) error {
	p.mu.Lock()
	isStarted, isClosing, current := p.isStarted, p.isClosing, p.current
	p.mu.Unlock()
	switch {
	case isClosing:
		p.registrations.rejected(change.id, errClosed)
	case !isStarted:
		p.registrations.applyAll()
	case current != nil:
		current.enqueue(change.message)
	}
	return change.wait(ctx)
}

func (p *Producer) grace() time.Duration {
	if p.options.Grace > 0 {
		return p.options.Grace
	}
	return defaultGrace
}

// fault tells of a mistake that hurts nobody; without anyone to tell, a panic at least must not pass unseen.
func (p *Producer) reportFault(err *Error) {
	if p.options.OnStatus == nil && err.Reason == "HANDLER_PANICKED" {
		slog.Error(err.Message)
	}
	p.supervisor.reportStatus(Status{Kind: StatusFault, Err: err})
}
