package atedispatcher

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Submitter sends requests as [Client] does, but all of them on one stream: far cheaper for many requests a second from
// any number of goroutines. Make it with NewSubmitter and close it.
//
// Beside that it differs in two ways. A context's deadline ends the pending, but is not the TTL. And gathers share the
// flow control: one that is not read while its results pile up fails with ErrResourceExhausted and is cancelled, so
// that the others go on.
type Submitter struct {
	client *Client
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	current *submitStream
	running sync.WaitGroup // streams
}

// NewSubmitter makes a submitter, which opens its stream with the first request, and again after it broke.
func (c *Client) NewSubmitter() *Submitter {
	s := &Submitter{client: c}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// Dispatch is [Client.Dispatch]. If the stream breaks, or the context ends, before the server has answered, whether the
// request was taken is unknown; a retry with the same RequestID is safe.
func (s *Submitter) Dispatch(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	if options.ExcludeListeners {
		return nil, errNoRecipient()
	}
	_, acceptance, err := s.submit(ctx, topic, options, nil)
	return acceptance, err
}

// Gather is [Client.Gather]. A RequestID can be gathered once at a time on one submitter.
func (s *Submitter) Gather(ctx context.Context, topic string, options RequestOptions) (*Gather, error) {
	feed := newSharedFeed(ctx)
	stream, acceptance, err := s.submit(ctx, topic, options, feed)
	if err != nil {
		feed.close()
		return nil, err
	}
	feed.attach(stream, acceptance.RequestID)
	return &Gather{Acceptance: *acceptance, client: s.client, feed: feed}, nil
}

// GatherAll is [Client.GatherAll].
func (s *Submitter) GatherAll(
	ctx context.Context, topic string, options RequestOptions,
) ([]*Delivery, *Summary, error) {
	gather, err := s.Gather(ctx, topic, options)
	if err != nil {
		return nil, nil, err
	}
	return gather.all()
}

// Close ends the stream at once. What is gathered is cancelled; what was dispatched goes on. It always returns nil.
func (s *Submitter) Close() error {
	s.mu.Lock()
	s.cancel(errClosed)
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// submit sends a request and waits for the server's answer.
func (s *Submitter) submit(
	ctx context.Context, topic string, options RequestOptions, feed *sharedFeed,
) (*submitStream, *Acceptance, error) {
	request, err := options.encode(topic)
	if err != nil {
		return nil, nil, err
	}
	stream, err := s.stream()
	if err != nil {
		return nil, nil, err
	}
	// A queue that does not empty holds up whoever fills it.
	stream.outbox.waitForRoom(ctx)
	answer, err := stream.submit(feed, options.RequestID, func(correlationID string) ([]byte, error) {
		return submission(correlationID, request, feed != nil, &options)
	})
	if err != nil {
		return nil, nil, err
	}
	select {
	case got := <-answer:
		return stream, got.acceptance, got.err
	case <-ctx.Done():
		stream.abandon(answer, options.RequestID)
		return nil, nil, s.client.callError(ctx, ctx.Err())
	}
}

// stream is the one that takes submissions at the moment.
func (s *Submitter) stream() (*submitStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, errClosed
	}
	if s.current == nil || !s.current.isOpen() {
		s.current = newSubmitStream(s.ctx, s.client)
		s.running.Go(s.current.run)
	}
	return s.current, nil
}

// submission is a batch of one Submission.
func submission(correlationID string, request []byte, gather bool, options *RequestOptions) ([]byte, error) {
	rest, err := proto.Marshal(&dispatcherv1.Submission{
		CorrelationId:    correlationID,
		Gather:           gather,
		ExcludeListeners: options.ExcludeListeners,
		Context:          options.Context,
	})
	if err != nil {
		return nil, invalidArgument("context", "cannot be encoded: %v", err)
	}
	message := appendMessage(rest, 2, request)
	return appendMessage(make([]byte, 0, len(message)+8), 1, message), nil
}
