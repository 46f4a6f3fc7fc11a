package atedispatcher

import (
	"context"
	"io"
	"maps"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// submitStream is one Submit stream, with the submissions and gathers that wait for its events. It is never reopened:
// after it has ended, the next request opens another one.
type submitStream struct {
	client *Client
	outbox *outbox
	ctx    context.Context
	cancel context.CancelCauseFunc

	progress   *progress
	mu         sync.Mutex
	isLeft     bool      // whether new requests go to another stream, while this one finishes its own
	isDoubtful bool      // whether the stream may be dead; it then ends with its last request
	heardAt    time.Time // when the last message arrived
	lastID     uint64
	unanswered map[string]*pendingSubmission
	gathers    map[string]*sharedFeed
	reserved   map[string]bool // caller-chosen request ids that are being gathered
	endErr     error           // why the stream has ended; nil until then
}

// pendingSubmission is a submission that the server has not answered.
type pendingSubmission struct {
	feed      *sharedFeed
	requestID string            // chosen by the caller; empty if the server mints it
	answer    chan submitAnswer // buffered
}

type submitAnswer struct {
	acceptance *Acceptance
	err        error
}

func newSubmitStream(ctx context.Context, client *Client) *submitStream {
	s := &submitStream{
		client:     client,
		progress:   client.newProgress(),
		outbox:     newOutbox(),
		unanswered: map[string]*pendingSubmission{},
		gathers:    map[string]*sharedFeed{},
		reserved:   map[string]bool{},
	}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// isOpen reports whether the stream accepts submissions.
func (s *submitStream) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endErr == nil && !s.isLeft
}

// errStreamLeft is the error of a submission that must go to another stream.
var errStreamLeft = &Error{Code: codes.Unavailable, Reason: "STREAM_LEFT", Message: "the stream accepts no further requests"}

// submit enqueues a submission and returns a channel with room for its answer. It fails with errStreamLeft if requests
// go to another stream.
func (s *submitStream) submit(
	feed *sharedFeed, requestID string, encode func(correlationID string) ([]byte, error),
) (<-chan submitAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLeft {
		return nil, errStreamLeft
	}
	if s.endErr != nil {
		return nil, s.endErr
	}
	if feed != nil && requestID != "" {
		// Two gathers of one request on one stream would be indistinguishable: events carry only the request id.
		if s.reserved[requestID] {
			return nil, invalidArgument("request.request_id", "is already being gathered by this submitter")
		}
		s.reserved[requestID] = true
	}
	s.lastID++
	correlationID := strconv.FormatUint(s.lastID, 36)
	message, err := encode(correlationID)
	if err != nil {
		delete(s.reserved, requestID)
		return nil, err
	}
	pending := &pendingSubmission{feed: feed, requestID: requestID, answer: make(chan submitAnswer, 1)}
	s.unanswered[correlationID] = pending
	s.outbox.push(message)
	return pending.answer, nil
}

// abandon cancels a submission whose caller has stopped waiting. A minted request id is known only from the answer, so
// the cancellation then waits for it.
func (s *submitStream) abandon(answer <-chan submitAnswer, requestID string) {
	s.mu.Lock()
	isDoubtful := s.isDoubtful
	if isDoubtful {
		maps.DeleteFunc(s.unanswered, func(_ string, pending *pendingSubmission) bool { return pending.answer == answer })
	}
	s.mu.Unlock()
	if requestID != "" {
		s.enqueue(&dispatcherv1.SubmitRequest{CancelRequestIds: []string{requestID}})
	}
	if isDoubtful {
		s.endIfUnused()
	}
	if requestID != "" || isDoubtful {
		return
	}
	go func() {
		if got := <-answer; got.err == nil {
			s.enqueue(&dispatcherv1.SubmitRequest{CancelRequestIds: []string{got.acceptance.RequestID}})
		}
	}()
}

// release stops passing events to a gather's feed, and cancels the gather if it has not ended.
func (s *submitStream) release(requestID string, feed *sharedFeed) {
	s.mu.Lock()
	isActive := s.gathers[requestID] == feed
	if isActive {
		delete(s.gathers, requestID)
		delete(s.reserved, requestID)
	}
	s.mu.Unlock()
	if isActive {
		s.enqueue(&dispatcherv1.SubmitRequest{CancelRequestIds: []string{requestID}})
		s.endIfUnused()
	}
}

// noAnswer returns the error of a submission whose bound has passed. If nothing has arrived since it was sent, the
// stream may be dead: new requests go to another one, and requests in progress are not touched.
func (s *submitStream) noAnswer(sentAt time.Time, waited time.Duration) *Error {
	s.mu.Lock()
	if !s.heardAt.After(sentAt) {
		s.isLeft, s.isDoubtful = true, true
	}
	s.mu.Unlock()
	return s.progress.noAnswer(waited)
}

// leave makes new requests go to another stream on another connection, while this one finishes its own.
func (s *submitStream) leave() {
	s.mu.Lock()
	s.isLeft = true
	s.mu.Unlock()
	s.progress.retire()
}

// endIfUnused ends a stream that may be dead, once no request waits for it.
func (s *submitStream) endIfUnused() {
	s.mu.Lock()
	isUnused := s.isDoubtful && len(s.unanswered) == 0 && len(s.gathers) == 0
	s.mu.Unlock()
	if isUnused {
		s.cancel(errStreamLeft)
	}
}

// enqueue sends a message after those that are queued; it never blocks.
func (s *submitStream) enqueue(message *dispatcherv1.SubmitRequest) {
	if encoded, err := proto.Marshal(message); err == nil {
		s.outbox.push(encoded)
	}
}

// run runs the stream until it ends, and then fails every pending submission and gather.
func (s *submitStream) run() {
	err := s.receive()
	if own, ok := context.Cause(s.ctx).(*Error); ok {
		err = own
	} else if s.client.connections.areClosed() {
		err = errClosed
	} else {
		err = asUnavailable(errorFromCall(err))
	}
	s.cancel(err)
	s.outbox.close()
	s.mu.Lock()
	s.endErr = err
	unanswered, gathers := s.unanswered, maps.Clone(s.gathers)
	s.unanswered = nil
	clear(s.gathers)
	s.mu.Unlock()
	for _, pending := range unanswered {
		pending.answer <- submitAnswer{err: err}
	}
	for _, feed := range gathers {
		feed.fail(err)
	}
}

// receive opens the stream and handles its events until it ends.
func (s *submitStream) receive() error {
	stream, err := s.client.open(s.ctx, s.progress, dispatcherv1.DispatcherService_Submit_FullMethodName, nil, 0)
	if err != nil {
		return err
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.outbox.run(stream.send)
	}()
	defer func() {
		s.outbox.close()
		stream.close(errClosed)
		<-written
	}()
	isFirst := true
	for {
		batch, err := stream.recv()
		if err == io.EOF {
			return endedByServer()
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.heardAt = time.Now()
		s.mu.Unlock()
		if isFirst {
			isFirst = false
			stream.maxSilence.Store(int64(s.client.maxSilence()))
		}
		events, err := readBatch(batch)
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := s.handle(stream, event); err != nil {
				return err
			}
		}
	}
}

func (s *submitStream) handle(stream *stream, event event) error {
	switch event.number {
	case eventDelivery, eventSummary:
		s.mu.Lock()
		requestID := requestIDOf(event)
		feed := s.gathers[requestID]
		if event.number == eventSummary {
			delete(s.gathers, requestID)
			delete(s.reserved, requestID)
		}
		s.mu.Unlock()
		if feed != nil {
			feed.push(event)
		}
	case eventAcceptance:
		var message dispatcherv1.Acceptance
		if err := event.read(&message); err != nil {
			return err
		}
		s.resolve(message.GetCorrelationId(), submitAnswer{acceptance: acceptanceOf(&message)})
	case eventRejection:
		var message dispatcherv1.Rejection
		if err := event.read(&message); err != nil {
			return err
		}
		rejection := errorFromStatus(message.GetStatus(), "")
		if rejection.Reason == "CONNECTION_AGE" {
			// The request was sent before go_away arrived, and was not accepted.
			s.leave()
			rejection = errStreamLeft
		}
		s.resolve(message.GetCorrelationId(), submitAnswer{err: rejection})
	case eventHeartbeat:
		return stream.readHeartbeat(event)
	case eventGoAway:
		s.leave()
	}
	return nil
}

// resolve passes the server's answer to the caller of a submission, and events to its feed from now on.
func (s *submitStream) resolve(correlationID string, answer submitAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pending, ok := s.unanswered[correlationID]
	if !ok {
		return
	}
	delete(s.unanswered, correlationID)
	switch {
	case pending.feed == nil:
	case answer.err != nil:
		delete(s.reserved, pending.requestID)
	default:
		s.gathers[answer.acceptance.RequestID] = pending.feed
	}
	pending.answer <- answer
}

// requestIDOf reads the request id of a Delivery or Summary, which use the same field number.
func requestIDOf(e event) (requestID string) {
	_ = eachField(e.body, func(number protowire.Number, f field) error {
		if number == 1 {
			requestID = string(f.bytes)
		}
		return nil
	})
	return requestID
}

// asUnavailable makes the error of a broken stream retryable, whichever layer has noticed the failure first.
func asUnavailable(cause *Error) *Error {
	switch cause.Code {
	case codes.Canceled, codes.Unknown, codes.Internal:
		message := "the stream broke; the server may or may not have accepted its requests: " + cause.Message
		return &Error{Code: codes.Unavailable, Reason: "STREAM_BROKEN", Message: message, cause: cause}
	}
	return cause
}
