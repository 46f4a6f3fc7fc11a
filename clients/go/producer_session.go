package atedispatcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// producerSession is one Produce stream.
type producerSession struct {
	producer *Producer
	stream   *stream
	outbox   *outbox
	// maxMessageBytes is the largest message that the server accepts; 0 if it did not say.
	maxMessageBytes atomic.Int64
	isDrained       bool // whether the server has confirmed the drain
	// isGoingAway is whether the server ends the session soon: nothing new is sent on it. The producer's lock guards it.
	isGoingAway bool
	// rest are the registrations that do not fit into Hello, and unconfirmed the correlation ids of those that were sent.
	// The session is live once all are confirmed.
	rest        [][]*dispatcherv1.Registration
	unconfirmed map[string]struct{}
	ready       Status
}

// runSession runs one session. It returns nil if the session was drained, or ended while draining.
func (p *Producer) runSession(ctx context.Context) error {
	p.mu.Lock()
	isClosing := p.isClosing
	p.mu.Unlock()
	if isClosing {
		return nil
	}
	stream, release, err := p.supervisor.open(ctx, dispatcherv1.DispatcherService_Produce_FullMethodName)
	if err != nil {
		return err
	}
	s := &producerSession{producer: p, stream: stream, outbox: newOutbox()}
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.outbox.run(stream.send)
	}()
	defer func() {
		s.outbox.close()
		release()
		<-written
	}()
	hello := s.hello()
	if s.rest, err = splitHello(hello); err == nil {
		s.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Hello{Hello: hello}})
		err = s.receive(ctx)
	}
	p.mu.Lock()
	wasLive := p.current == s
	p.current = nil
	isClosing = p.isClosing
	p.mu.Unlock()
	p.runner.revokeAll(sessionLost(ctx, err))
	if isClosing && wasLive {
		p.drainErr = err
		return nil
	}
	return err
}

func (s *producerSession) hello() *dispatcherv1.Hello {
	p := s.producer
	p.mu.Lock()
	concurrency := p.concurrency
	p.mu.Unlock()
	return &dispatcherv1.Hello{
		// After the first session this is the minted id, so that the new session replaces one that the server still
		// considers live and would send assignments to.
		ProducerId:         p.supervisor.currentID(),
		DisplayName:        p.options.DisplayName,
		Labels:             p.options.Labels,
		Registrations:      p.registrations.confirmedTopics(),
		MaxOutstanding:     uint32(concurrency),
		MaxBacklog:         uint32(p.options.MaxBacklog),
		ReportDispositions: p.options.OnDisposition != nil,
	}
}

func (s *producerSession) receive(ctx context.Context) error {
	for {
		batch, err := s.stream.recv()
		if err == io.EOF {
			if s.isDrained {
				return nil
			}
			return endedByServer()
		}
		if err != nil {
			return err
		}
		events, err := readBatch(batch)
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := s.handle(ctx, event); err != nil {
				return err
			}
		}
	}
}

func (s *producerSession) handle(ctx context.Context, event event) error {
	p := s.producer
	switch event.number {
	case messageAssignment:
		assignment, err := readAssignment(event.body)
		if err != nil {
			return err
		}
		p.runner.assign(ctx, assignment, s)
		return nil
	case messageRevocation:
		var message dispatcherv1.Revocation
		if err := event.read(&message); err != nil {
			return err
		}
		p.runner.revoke(message.GetAssignmentIds(), revoked(message.GetReason()))
		return nil
	case messageHeartbeat:
		return s.stream.readHeartbeat(event)
	case messageGoAway:
		var message dispatcherv1.GoAway
		err := event.read(&message)
		p.mu.Lock()
		s.isGoingAway = true
		p.mu.Unlock()
		s.stream.progress.retire()
		p.supervisor.reportStatus(Status{Kind: StatusGoingAway, Grace: message.GetGrace().AsDuration()})
		return err
	case messageDisposition:
		var message dispatcherv1.Disposition
		err := event.read(&message)
		if p.options.OnDisposition != nil {
			state := enumName(dispatcherv1.DispositionState_name, int32(message.GetState()), "DISPOSITION_STATE_")
			p.supervisor.reportDisposition(p.options.OnDisposition, message.GetAssignmentId(), Disposition(state))
		}
		return err
	case messageWelcome:
		var message dispatcherv1.Welcome
		err := event.read(&message)
		s.welcome(&message)
		return err
	case messageRegistered:
		var message dispatcherv1.Registered
		err := event.read(&message)
		if _, ok := s.unconfirmed[message.GetCorrelationId()]; ok {
			delete(s.unconfirmed, message.GetCorrelationId())
			s.setLiveOnceRegistered()
		}
		p.registrations.confirmed(message.GetCorrelationId())
		return err
	case messageDeregistered:
		var message dispatcherv1.Deregistered
		err := event.read(&message)
		p.registrations.confirmed(message.GetCorrelationId())
		return err
	case messageDrained:
		s.isDrained = true
		return nil
	case messageFault:
		var message dispatcherv1.Fault
		err := event.read(&message)
		fault := errorFromStatus(message.GetStatus(), "")
		if _, ok := s.unconfirmed[message.GetCorrelationId()]; ok {
			// In Hello, the registration would have ended the session, too.
			return fault
		}
		if !p.registrations.rejected(message.GetCorrelationId(), fault) {
			p.reportFault(fault)
		}
		return err
	}
	return nil
}

// welcome makes the session live, or sends the registrations that did not fit into Hello.
func (s *producerSession) welcome(message *dispatcherv1.Welcome) {
	p := s.producer
	s.stream.setHeartbeatInterval(message.GetHeartbeatInterval().AsDuration())
	s.maxMessageBytes.Store(int64(message.GetMaxMessageBytes()))
	s.outbox.setLimit(int(message.GetMaxMessageBytes()))
	p.mu.Lock()
	limit := p.concurrency
	if limit == 0 {
		limit = int(message.GetMaxOutstanding())
	} else if limit != int(message.GetMaxOutstanding()) {
		s.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_UpdateCredit{
			UpdateCredit: &dispatcherv1.UpdateCredit{MaxOutstanding: uint32(limit)},
		}})
	}
	p.runner.setConcurrency(limit)
	p.current = s
	if p.isClosing {
		s.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Drain{Drain: &dispatcherv1.Drain{}}})
	}
	p.mu.Unlock()
	s.unconfirmed = map[string]struct{}{}
	for i, part := range s.rest {
		id := "hello-" + strconv.Itoa(i)
		s.unconfirmed[id] = struct{}{}
		register := &dispatcherv1.Register{CorrelationId: id, Registrations: part}
		s.enqueue(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Register{Register: register}})
	}
	s.rest = nil
	for _, change := range p.registrations.unanswered() {
		s.enqueue(change)
	}
	p.supervisor.setID(message.GetProducerId())
	s.ready = Status{
		Kind:      StatusReady,
		ID:        message.GetProducerId(),
		SessionID: message.GetSessionId(),
		ServerID:  message.GetServerId(),
	}
	s.setLiveOnceRegistered()
}

// setLiveOnceRegistered makes the session live if the server has confirmed every registration of Hello.
func (s *producerSession) setLiveOnceRegistered() {
	if len(s.unconfirmed) > 0 {
		return
	}
	s.producer.supervisor.setLive()
	s.producer.supervisor.reportStatus(s.ready)
}

// enqueue sends a message after those that are queued; it never blocks.
func (s *producerSession) enqueue(message *dispatcherv1.ProducerMessage) {
	encoded, err := proto.Marshal(&dispatcherv1.ProduceRequest{Messages: []*dispatcherv1.ProducerMessage{message}})
	if err != nil {
		s.stream.close(invalidArgument("producer", "cannot be encoded: %v", err))
		return
	}
	s.outbox.push(encoded)
}

// reply implements replySender.
func (s *producerSession) reply(ctx context.Context, assignmentID string, more bool, result []byte) error {
	message := replyMessage(assignmentID, more, result)
	if limit := s.maxMessageBytes.Load(); limit > 0 && int64(len(message)) > limit {
		return &Error{
			Code:    codes.ResourceExhausted,
			Reason:  "RESULT_TOO_LARGE",
			Message: fmt.Sprintf("the reply is %d bytes; the server's limit is %d; send less, or send a reference", len(message), limit),
		}
	}
	s.outbox.push(message)
	s.outbox.waitForRoom(ctx)
	return nil
}

// revoked returns the cause of a handler's context after a revocation.
func revoked(reason dispatcherv1.RevocationReason) *Error {
	name := enumName(dispatcherv1.RevocationReason_name, int32(reason), "REVOCATION_REASON_")
	code := codes.Canceled
	if reason == dispatcherv1.RevocationReason_REVOCATION_REASON_EXPIRED {
		code = codes.DeadlineExceeded
	}
	return &Error{Code: code, Reason: name, Message: "the assignment was revoked"}
}

// sessionLost returns the cause of a handler's context after the end of its session.
func sessionLost(ctx context.Context, cause error) *Error {
	if own, ok := context.Cause(ctx).(*Error); ok {
		return own
	}
	if errors.Is(cause, ErrClosed) {
		return errClosed
	}
	lost := &Error{Code: codes.Unavailable, Reason: "SESSION_LOST", Message: "the session was lost", cause: cause}
	if cause != nil {
		lost.Message += ": " + cause.Error()
	}
	return lost
}
