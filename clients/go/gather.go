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

// streamEndTimeout is how long a stream may take to end after its summary.
const streamEndTimeout = 5 * time.Second

// Gather is a request whose results come back to the caller. But for Cancel it is for one goroutine at a time.
type Gather struct {
	// Acceptance says who is asked, and until when.
	Acceptance Acceptance

	client  *Client
	feed    gatherFeed
	summary *Summary
	err     error
}

// gatherFeed is where the events of one gather come from.
type gatherFeed interface {
	// next waits for the next delivery or summary; others may come, too.
	next() (event, error)
	// close ends it: the summary has come, or whatever is still to come is not wanted.
	close()
}

// Gather scatters a request and returns once the server has taken it. The results are in [Gather.Results] as they
// arrive, and then there is a [Gather.Summary], however few answered. It fails as Dispatch does.
//
// The context bounds all of it: when it ends, so does the request. Close must be called.
func (c *Client) Gather(ctx context.Context, topic string, options RequestOptions) (*Gather, error) {
	request, err := encodeRequestCall(topic, &options, options.ExcludeListeners)
	if err != nil {
		return nil, err
	}
	stream, err := c.open(ctx, dispatcherv1.DispatcherService_Gather_FullMethodName, options.Context)
	if err != nil {
		return nil, err
	}
	feed := &callFeed{stream: stream}
	// What the call ended by comes out of accept.
	if stream.send(request) == nil {
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
// fails on the way, it returns what it has.
func (c *Client) GatherAll(ctx context.Context, topic string, options RequestOptions) ([]*Delivery, *Summary, error) {
	gather, err := c.Gather(ctx, topic, options)
	if err != nil {
		return nil, nil, err
	}
	return gather.all()
}

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

// Results are the results in arrival order; the loop ends with the request. If the connection breaks or the context ends
// before that, the last element is an error.
//
// Leaving the loop does not end the request: a further loop goes on, Summary passes over the rest, and Close cancels.
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

// Summary waits for the end of the request and says how it ended. Results that were not taken are dropped.
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

// Cancel asks the server to end the request: the results stop, and the summary says ReasonCancelled. It is for any
// goroutine, and does nothing if the request has ended.
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

// next is the next result, or nil after the last one.
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

// callFeed is a gather in a call of its own: what is not taken waits at the server.
type callFeed struct {
	stream *stream
	events []event
}

// accept reads the first event.
func (f *callFeed) accept() (*Acceptance, error) {
	event, err := f.next()
	if err != nil {
		return nil, err
	}
	if event.number != eventAcceptance {
		message := "the server did not begin with an acceptance"
		return nil, &Error{Code: codes.Internal, Reason: "PROTOCOL_VIOLATION", Message: message}
	}
	var message dispatcherv1.Acceptance
	if err := event.read(&message); err != nil {
		return nil, err
	}
	acceptance := acceptanceOf(&message)
	// Before the first heartbeat its interval is only known from other streams; the summary is due at the TTL anyway.
	f.stream.maxSilence.Store(int64(min(acceptance.TTL+firstMessageTimeout, f.stream.client.maxSilence())))
	return acceptance, nil
}

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
	case eventSummary:
		f.awaitStreamEnd()
	}
	return first, nil
}

// finish reads the end of the stream. To cancel it instead would reset it, and servers end connections on which that
// happens often.
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
