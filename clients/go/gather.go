package atedispatcher

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc/codes"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// streamEndTimeout bounds how long a stream may take to end after its summary.
const streamEndTimeout = 5 * time.Second

// Gather is a request whose results come back to the caller. Its methods are for one goroutine at a time, except
// Cancel, which is safe for concurrent use.
type Gather struct {
	// Acceptance lists the targets of the request and its expiry.
	Acceptance Acceptance

	client  *Client
	feed    gatherFeed
	summary *Summary
	err     error
}

// gatherFeed is the source of the events of one gather.
type gatherFeed interface {
	// next waits for the next event. It may return events other than deliveries and the summary.
	next() (event, error)
	// close releases the feed, and cancels the request if its summary has not arrived.
	close()
}

// Gather scatters a request and returns once the server has accepted it. [Gather.Results] returns the results as they
// arrive, and [Gather.Summary] always follows, even if no producer answers. Gather fails like Dispatch.
//
// The context bounds the whole gather: when the context ends, the request is cancelled. The caller must call Close.
func (c *Client) Gather(ctx context.Context, topic string, options RequestOptions) (*Gather, error) {
	request, err := options.encode(topic, nil)
	if err != nil {
		return nil, err
	}
	return c.gather(ctx, request, options)
}

// gather is Gather with an encoded request.
func (c *Client) gather(ctx context.Context, request []byte, options RequestOptions) (*Gather, error) {
	bound := answerBound(ctx, options.TTL)
	method := dispatcherv1.DispatcherService_Gather_FullMethodName
	stream, err := c.open(ctx, c.newProgress(), method, options.Context, bound)
	if err != nil {
		return nil, err
	}
	feed := &callFeed{stream: stream}
	// If the call has ended, accept returns the reason.
	if stream.send(requestCall(request, options.ExcludeListeners)) == nil {
		_ = stream.CloseSend()
	}
	acceptance, err := feed.accept()
	if err != nil {
		stream.close(errClosed)
		return nil, err
	}
	return &Gather{Acceptance: *acceptance, client: c, feed: feed}, nil
}

// GatherAll scatters a request, waits for its end, and returns all results in arrival order and the summary. If it
// fails before the end, it returns the results so far and the error.
func (c *Client) GatherAll(ctx context.Context, topic string, options RequestOptions) ([]*Delivery, *Summary, error) {
	gather, err := c.Gather(ctx, topic, options)
	if err != nil {
		return nil, nil, err
	}
	return gather.all()
}

// all implements GatherAll.
func (g *Gather) all() ([]*Delivery, *Summary, error) {
	defer g.Close()
	var results []*Delivery
	for result, err := range g.Results() {
		if err != nil {
			return results, nil, err
		}
		results = append(results, result)
	}
	summary, err := g.Summary()
	return results, summary, err
}

// Results returns an iterator over the results in arrival order, which ends with the request. If the stream fails or
// the context ends first, the last element is an error.
//
// Breaking out of the loop does not end the request: another loop continues after the last result, Summary drops the
// remaining results, and Close cancels the request.
func (g *Gather) Results() iter.Seq2[*Delivery, error] {
	return func(yield func(*Delivery, error) bool) {
		for {
			result, err := g.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if result == nil || !yield(result, nil) {
				return
			}
		}
	}
}

// Summary waits for the end of the request and returns its summary. It drops the results that were not read.
func (g *Gather) Summary() (*Summary, error) {
	for {
		result, err := g.next()
		if err != nil {
			return nil, err
		}
		if result == nil {
			return g.summary, nil
		}
	}
}

// Cancel cancels the request: no further results arrive, and the summary has ReasonCancelled. It does nothing if the
// request has ended. It is safe for concurrent use.
func (g *Gather) Cancel(ctx context.Context) error {
	_, err := g.client.CancelRequest(ctx, g.Acceptance.RequestID)
	if errors.Is(err, ErrRequestNotFound) {
		return nil
	}
	return err
}

// Close cancels the request if it has not ended. It always returns nil.
func (g *Gather) Close() error {
	if g.summary == nil && g.err == nil {
		g.err = errClosed
		g.feed.close()
	}
	return nil
}

// next returns the next result, or nil after the last one.
func (g *Gather) next() (*Delivery, error) {
	for g.summary == nil && g.err == nil {
		event, err := g.feed.next()
		var delivery *Delivery
		switch {
		case err != nil:
		case event.number == eventDelivery:
			delivery, err = readDelivery(event.body)
		case event.number == eventSummary:
			var message dispatcherv1.Summary
			if err = event.read(&message); err == nil {
				g.summary = summaryOf(&message)
				g.feed.close()
			}
		}
		if err != nil {
			g.err = err
			g.feed.close()
		} else if delivery != nil {
			return delivery, nil
		}
	}
	return nil, g.err
}

// callFeed is the feed of a gather on a stream of its own. Flow control makes the server hold the results that are not
// read.
type callFeed struct {
	stream *stream
	events []event
}

// accept reads the acceptance, which must be the first event.
func (f *callFeed) accept() (*Acceptance, error) {
	event, err := f.next()
	if err != nil {
		return nil, err
	}
	if event.number != eventAcceptance {
		message := "the server's first event is not an acceptance"
		return nil, &Error{Code: codes.Internal, Reason: "PROTOCOL_VIOLATION", Message: message}
	}
	var message dispatcherv1.Acceptance
	if err := event.read(&message); err != nil {
		return nil, err
	}
	acceptance := acceptanceOf(&message)
	// Until the first heartbeat, the interval is known only if another stream has announced it. In any case, the
	// summary is due when the TTL runs out.
	f.stream.maxSilence.Store(int64(f.stream.client.maxSilence()))
	// A busy server takes up a request late, and its TTL begins then.
	due := saturatingAdd(time.Since(f.stream.openedAt), saturatingAdd(acceptance.TTL, answerReserve))
	f.stream.expiresAt.Store(int64(due))
	return acceptance, nil
}

// next implements gatherFeed.
func (f *callFeed) next() (event, error) {
	for len(f.events) == 0 {
		batch, err := f.stream.recv()
		if err == io.EOF {
			err = endedByServer()
		}
		if err == nil {
			f.events, err = readBatch(batch)
		}
		if err != nil {
			return event{}, err
		}
	}
	first := f.events[0]
	f.events = f.events[1:]
	switch first.number {
	case eventHeartbeat:
		return first, f.stream.readHeartbeat(first)
	case eventGoAway:
		f.stream.progress.retire()
	case eventSummary:
		f.awaitStreamEnd()
	}
	return first, nil
}

// awaitStreamEnd reads until the stream ends. Cancelling the call instead would reset the stream, and HTTP/2 servers
// close connections with many resets.
func (f *callFeed) awaitStreamEnd() {
	f.stream.maxSilence.Store(int64(streamEndTimeout))
	for {
		if _, err := f.stream.recv(); err != nil {
			return
		}
	}
}

func (f *callFeed) close() {
	f.stream.close(errClosed)
}
