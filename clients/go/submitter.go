package atedispatcher

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Submitter sends requests like [Client], but all on one stream instead of one call each, which costs the server far
// less at many requests per second. It is safe for concurrent use. Create it with NewSubmitter; the caller must call
// Close. A request of more than 64 KiB gets a call of its own, because a server that refuses it for its size ends the
// stream that carries it.
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
	request, err := options.encodeDispatch(topic)
	if err != nil {
		return nil, err
	}
	if isLarge(request, &options) {
		own, cancel, err := s.ownContext(ctx)
		if err != nil {
			return nil, err
		}
		defer cancel()
		return s.client.dispatchEncoded(own, request, options, false)
	}
	acceptance, err := s.submit(ctx, request, options, nil)
	return acceptance, err
}

// Gather is like [Client.Gather]. It fails with ErrInvalidArgument while another gather of this submitter has the same
// RequestID.
func (s *Submitter) Gather(ctx context.Context, topic string, options RequestOptions) (*Gather, error) {
	request, err := options.encode(topic, nil)
	if err != nil {
		return nil, err
	}
	if isLarge(request, &options) {
		return s.gatherLarge(ctx, request, options)
	}
	feed := newSharedFeed(ctx)
	acceptance, err := s.submit(ctx, request, options, feed)
	if err != nil {
		feed.close()
		return nil, err
	}
	return &Gather{Acceptance: *acceptance, client: s.client, feed: feed}, nil
}

// gatherLarge gathers a request on a call of its own.
func (s *Submitter) gatherLarge(ctx context.Context, request []byte, options RequestOptions) (*Gather, error) {
	own, cancel, err := s.ownContext(ctx)
	if err != nil {
		return nil, err
	}
	gather, err := s.client.gather(own, request, options)
	if err != nil {
		cancel()
		return nil, err
	}
	gather.feed = &ownFeed{gather.feed, cancel}
	return gather, nil
}

// ownFeed releases the context of a call of its own.
type ownFeed struct {
	gatherFeed
	cancel func()
}

func (f *ownFeed) close() {
	f.gatherFeed.close()
	f.cancel()
}

// ownContext returns a context for a call of its own that ends with the caller's context and with the submitter. It has
// no deadline, since on a submitter a deadline is not the TTL.
func (s *Submitter) ownContext(ctx context.Context) (own context.Context, cancel func(), err error) {
	if s.ctx.Err() != nil {
		return nil, nil, errClosed
	}
	own, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stopCaller := context.AfterFunc(ctx, func() {
		failure := *errorFromCall(ctx.Err())
		failure.cause = context.Cause(ctx)
		end(&failure)
	})
	stopSubmitter := context.AfterFunc(s.ctx, func() { end(errClosed) })
	return own, func() {
		stopCaller()
		stopSubmitter()
		end(nil)
	}, nil
}

// isLarge reports whether a submission would exceed the messages that every server accepts.
func isLarge(request []byte, options *RequestOptions) bool {
	size := len(request) + submissionOverhead
	for key, value := range options.Context {
		size += len(key) + len(value) + submissionOverhead
	}
	return size > maxCertainBytes
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

// submit sends a request and waits for the server's answer, but no longer than its TTL and the reserve.
func (s *Submitter) submit(
	ctx context.Context, request []byte, options RequestOptions, feed *sharedFeed,
) (*Acceptance, error) {
	startedAt := time.Now()
	// On a submitter, the context's deadline is not the TTL.
	bound := answerBound(context.Background(), options.TTL)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for {
		stream, err := s.stream()
		if err != nil {
			return nil, err
		}
		timer := time.AfterFunc(bound-time.Since(startedAt), func() { cancel(stream.noAnswer(startedAt, bound)) })
		acceptance, err := s.submitOn(ctx, stream, request, options, feed)
		timer.Stop()
		if err != errStreamLeft {
			return acceptance, err
		}
	}
}

// submitOn submits a request on one stream. It fails with errStreamLeft if the stream no longer accepts requests.
func (s *Submitter) submitOn(
	ctx context.Context, stream *submitStream, request []byte, options RequestOptions, feed *sharedFeed,
) (*Acceptance, error) {
	// Callers wait while the stream is congested, so that the queue stays bounded.
	stream.outbox.waitForRoom(ctx)
	var answer <-chan submitAnswer
	err := ctx.Err()
	if err == nil {
		answer, err = stream.submit(feed, options.RequestID, func(correlationID string) ([]byte, error) {
			return submission(correlationID, request, feed != nil, &options)
		})
		if err != nil {
			return nil, err
		}
	}
	select {
	case got := <-answer:
		if got.err == nil && feed != nil {
			feed.attach(stream, got.acceptance)
		}
		return got.acceptance, got.err
	case <-ctx.Done():
		if answer != nil {
			stream.abandon(answer, options.RequestID)
		}
		if own, ok := context.Cause(ctx).(*Error); ok {
			return nil, own
		}
		return nil, s.client.callError(ctx, ctx.Err())
	}
}

// stream returns the stream that accepts submissions, and opens one if there is none.
func (s *Submitter) stream() (*submitStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || s.client.connections.areClosed() {
		return nil, errClosed
	}
	if s.current == nil || !s.current.isOpen() {
		s.current = newSubmitStream(s.ctx, s.client)
		s.running.Go(s.current.run)
	}
	return s.current, nil
}

// submissionOverhead bounds the encoded size of a Submission without its request and context, and of one entry of its
// context without its texts.
const submissionOverhead = 64

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
