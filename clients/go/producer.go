package atedispatcher

import (
	"context"
	"sync"
	"time"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// defaultGrace is the time that container platforms commonly give a process to terminate.
const defaultGrace = 30 * time.Second

// Producer answers requests while Run runs. Its methods are safe for concurrent use and may be called in handlers.
type Producer struct {
	client        *Client
	options       ProducerOptions
	registrations registrations
	supervisor    *supervisor
	runner        *assignmentRunner
	done          chan struct{} // closed when Run has returned
	finish        func()        // closes done; idempotent

	mu          sync.Mutex
	concurrency int
	isStarted   bool
	isClosing   bool
	current     *producerSession        // the live session; nil without one
	disconnect  context.CancelCauseFunc // ends the session and further attempts to open one
	stop        context.CancelCauseFunc // does the same, and ends the handlers' contexts
	drainErr    error                   // what cut the drain short
}

// NewProducer returns a producer that answers requests on topics or patterns: * matches one token, and > as the last
// token matches one or more. [Producer.Run] connects it.
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

// Run answers requests and reconnects until the context ends or Close is called, and then drains. It may be called
// once.
//
// It returns nil after a complete drain: the producer has accepted no new assignments, all handlers have returned, and
// their results are delivered. It returns an error if the drain was incomplete, or if the server rejects the producer
// and no retry can succeed, as with ErrInvalidArgument or ErrSessionReplaced. The contexts of handlers carry the values
// of ctx but do not end with it.
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
	// The timer starts only when the context ends. AfterFunc has no stopped state, so it is created and stopped at once.
	graceTimer := time.AfterFunc(time.Hour, func() { stop(errClosed) })
	graceTimer.Stop()
	defer graceTimer.Stop()
	stopWatching := context.AfterFunc(ctx, func() {
		graceTimer.Reset(p.grace())
		p.beginClosing()
	})
	defer stopWatching()

	err := p.checkOptions()
	if err == nil {
		err = p.supervisor.run(sessions, p.runSession)
	}
	if err == nil {
		err = p.drainErr
	}
	endErr := err
	if endErr == nil {
		endErr = errClosed
	}
	// No session follows, so nothing that waits for one waits for the handlers.
	p.supervisor.end(endErr)
	p.registrations.end(errorFromCall(endErr))
	p.runner.waitIdle(run)
	if err == nil && run.Err() != nil {
		err = errClosed
	}
	p.finish()
	// A callback may have called Close, which has just returned.
	p.supervisor.notifier.waitIdle()
	return err
}

// checkOptions refuses impossible values, which would otherwise mean a default or a huge number.
func (p *Producer) checkOptions() error {
	var found violations
	if p.runner.handler == nil {
		found.add("handler", "is nil")
	}
	found.count("concurrency", p.options.Concurrency)
	found.count("max_backlog", p.options.MaxBacklog)
	if p.options.Grace < 0 {
		found.add("grace", "is %v; it must not be negative", p.options.Grace)
	}
	p.registrations.check(&found)
	return found.err()
}

// Ready waits until the producer is live: it is a target of every request on its topics that the server accepts from
// then on. It fails when the context ends, or if no further session follows.
func (p *Producer) Ready(ctx context.Context) error {
	return p.supervisor.ready(ctx)
}

// ID returns the id that the options chose or the server minted; empty before the first session.
func (p *Producer) ID() string {
	return p.supervisor.currentID()
}

// Register registers a topic or pattern for this session and later ones. It replaces the group of a topic that is
// registered already. It returns once the registration is live, which may take a reconnect; before Run it returns at
// once. If the server rejects the topic, Register returns the error, and the producer continues without the topic. If
// the context ends first, the registration may still take effect. Once the producer has ended, Register returns the
// reason.
func (p *Producer) Register(ctx context.Context, topic, group string) error {
	var found violations
	found.size("topic", topic, maxTopicBytes)
	found.size("group", group, maxIDBytes)
	if err := found.err(); err != nil {
		return err
	}
	return p.change(ctx, p.registrations.register(Registration{Topic: topic, Group: group}))
}

// Deregister removes a topic or pattern, spelled as it was registered. Earlier assignments may still be answered. It
// returns like Register.
func (p *Producer) Deregister(ctx context.Context, topic string) error {
	var found violations
	found.size("topic", topic, maxTopicBytes)
	if err := found.err(); err != nil {
		return err
	}
	return p.change(ctx, p.registrations.deregister(topic))
}

// SetConcurrency changes how many handlers may run at a time; at least 1. Running handlers continue. It fails with
// ErrInvalidArgument, or with the reason once the producer has ended.
func (p *Producer) SetConcurrency(concurrency int) error {
	var found violations
	if concurrency == 0 {
		found.add("concurrency", "is 0; it must be at least 1")
	}
	window := found.count("concurrency", concurrency)
	if err := found.err(); err != nil {
		return err
	}
	if err := p.supervisor.ended(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.concurrency = concurrency
	if p.current == nil {
		return nil
	}
	p.runner.setConcurrency(concurrency)
	if p.current.isGoingAway {
		return nil
	}
	p.current.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_UpdateCredit{
		UpdateCredit: &dispatcherv1.UpdateCredit{MaxOutstanding: window},
	}})
	return nil
}

// Close drains the producer: it accepts no new assignments and finishes the outstanding ones. Close returns nil when
// the drain has ended. If the context ends first, the contexts of the handlers end with the cause ErrClosed, and Close
// returns the context's error.
//
// A handler of this producer may call Close. It then returns nil at once, because the drain waits for the handler, whose
// result is still sent.
func (p *Producer) Close(ctx context.Context) error {
	p.beginClosing()
	if p.runner.isHandler(ctx) {
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	stop := p.stop
	p.mu.Unlock()
	if stop != nil { // A producer that never ran has no handlers.
		stop(errClosed)
	}
	<-p.done
	return p.client.callError(ctx, ctx.Err())
}

// beginClosing starts the drain; it does nothing after the first time.
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
		// Without a session nothing is outstanding.
		p.disconnect(errClosed)
	}
}

// change requests a registration change and waits for the answer.
func (p *Producer) change(ctx context.Context, change *registrationChange) error {
	p.mu.Lock()
	isStarted, isClosing, current := p.isStarted, p.isClosing, p.current
	if current != nil && current.isGoingAway {
		// The next session begins with the change.
		current = nil
	}
	p.mu.Unlock()
	ended := p.supervisor.ended()
	switch {
	case ended != nil:
		p.registrations.rejected(change.id, errorFromCall(ended))
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

// reportFault reports an error that does not end the session.
func (p *Producer) reportFault(err *Error) {
	p.supervisor.reportStatus(Status{Kind: StatusFault, Err: err})
}
