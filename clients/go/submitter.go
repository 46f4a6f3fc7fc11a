package atedispatcher

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Submitter sends requests like [Client], but all on one stream instead of one call each, which costs the server far
// less at many requests per second. It is safe for concurrent use. Create it with NewSubmitter; the caller must call
// Close.
//
// It differs from [Client] in two ways. A context's deadline bounds only the caller's waiting and is not the TTL. And
// all gathers share the stream's flow control: a gather that is not read fails with ErrResourceExhausted and is
// cancelled once 65,536 of its results are queued, so that it does not block the others.
type Submitter struct {
	client *Client
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	current *submitStream
	running sync.WaitGroup // streams
}

// NewSubmitter returns a submitter. It opens its stream at the first request, and a new one after a stream has ended.
func (c *Client) NewSubmitter() *Submitter {
	s := &Submitter{client: c}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// Dispatch is like [Client.Dispatch]. If the stream breaks or the context ends before the server has answered, the
// server may or may not have accepted the request; a retry with the same RequestID is safe.
func (s *Submitter) Dispatch(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	if options.ExcludeListeners {
		return nil, errNoRecipient()
	}
	_, acceptance, err := s.submit(ctx, topic, options, nil)
	return acceptance, err
}

// Gather is like [Client.Gather]. It fails with ErrInvalidArgument while another gather of this submitter has the same
// RequestID.
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

// GatherAll is like [Client.GatherAll].
func (s *Submitter) GatherAll(
	ctx context.Context, topic string, options RequestOptions,
) ([]*Delivery, *Summary, error) {
	gather, err := s.Gather(ctx, topic, options)
	if err != nil {
		return nil, nil, err
	}
	return gather.all()
}

// Close ends the stream at once, which cancels the gathers; dispatched requests continue. It always returns nil.
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
	// Callers wait while the stream is congested, so that the queue stays bounded.
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

// stream returns the stream that accepts submissions, and opens one if there is none.
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

// submission encodes a batch of one Submission.
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
