package atedispatcher

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// DefaultAddress is the default listening address of a dispatcher.
const DefaultAddress = "127.0.0.1:50051"

// Client is a client of one dispatcher, safe for concurrent use. Create it with NewClient; the caller must call Close.
type Client struct {
	address     string
	options     clientOptions
	connections *connections
	// heartbeat is the interval that the server announced last, on any stream, as a time.Duration; 0 before the first.
	heartbeat atomic.Int64
	// lastFailure says why the last attempt to connect failed; nil before the first.
	lastFailure atomic.Pointer[string]
}

// NewClient returns a client of the dispatcher at an address: host:port, or any other gRPC target. An empty address
// means [DefaultAddress]. The client connects on first use and reconnects after a loss. NewClient fails with
// ErrInvalidArgument if the address is malformed, as a URL or an address without a port is, or an option impossible.
func NewClient(address string, options ...Option) (*Client, error) {
	if address == "" {
		address = DefaultAddress
	}
	c := &Client{address: address, options: newClientOptions(options)}
	var found violations
	found.addFrom(checkAddress(address))
	c.options.check(address, &found)
	if err := found.err(); err != nil {
		return nil, err
	}
	c.options.reconnect = c.options.reconnect.withDefaults()
	if explained, ok := c.options.credentials.(*explainedCredentials); ok {
		explained.onFailure = c.connectingFailed
	}
	connections, err := newConnections(func(events stats.Handler) (*grpc.ClientConn, error) {
		return grpc.NewClient(address, append(c.options.dialOptions(), grpc.WithStatsHandler(events))...)
	})
	if err != nil {
		return nil, err
	}
	c.connections = connections
	return c, nil
}

// Format prints the address only: the options may hold secrets.
func (c *Client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Client{Address: %q}", c.address)
}

// connectingFailed remembers why an attempt to connect failed.
func (c *Client) connectingFailed(failure error) {
	text := errorText(failure)
	c.lastFailure.Store(&text)
}

// Close ends every call at once, with ErrClosed. To let handlers finish, close the producers first. It always returns
// nil.
func (c *Client) Close() error {
	c.connections.close()
	if c.options.tokens != nil {
		c.options.tokens.end()
	}
	return nil
}

// WaitForReady connects and returns once the connection is established. It fails when the context ends, with why the last
// attempt failed, or when the client is closed.
func (c *Client) WaitForReady(ctx context.Context) error {
	connection, err := c.connections.acquire()
	if err != nil {
		return err
	}
	defer c.connections.release(connection, false)
	for {
		state := connection.conn.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.Shutdown:
			return errClosed
		}
		connection.conn.Connect()
		if !connection.conn.WaitForStateChange(ctx, state) {
			failure := c.callError(ctx, ctx.Err())
			if last := c.lastFailure.Load(); last != nil {
				failure = failure.with("the last attempt to connect failed: " + *last)
			}
			return failure
		}
	}
}

// CancelRequest cancels a request of any client and returns its summary. A request that has ended already stays as it
// is. CancelRequest fails with ErrRequestNotFound if the server neither runs nor remembers the request.
func (c *Client) CancelRequest(ctx context.Context, requestID string) (*Summary, error) {
	request := &dispatcherv1.CancelRequestRequest{RequestId: requestID}
	var response dispatcherv1.CancelRequestResponse
	if err := c.call(ctx, dispatcherv1.DispatcherService_CancelRequest_FullMethodName, request, &response); err != nil {
		return nil, err
	}
	return summaryOf(response.GetSummary()), nil
}

// UpdateListener changes the topics of a connected listener of any program, and returns all of its topics after the
// change, sorted. It fails with ErrListenerNotFound if the listener is not connected. A change of more than 64 KiB is
// sent in parts; if UpdateListener fails, the earlier parts remain.
func (c *Client) UpdateListener(ctx context.Context, listenerID string, add, remove []string) (topics []string, err error) {
	var found violations
	found.size("listener_id", listenerID, maxIDBytes)
	found.sizes("add_topics", add, maxTopicBytes)
	found.sizes("remove_topics", remove, maxTopicBytes)
	if err := found.err(); err != nil {
		return nil, err
	}
	for _, part := range splitChange(topicsChange{add, remove}) {
		if topics, err = c.updateListener(ctx, listenerID, part); err != nil {
			return nil, err
		}
	}
	return topics, nil
}

// updateListener is UpdateListener in one call.
func (c *Client) updateListener(ctx context.Context, listenerID string, part topicsChange) ([]string, error) {
	request := &dispatcherv1.UpdateListenerRequest{ListenerId: listenerID, AddTopics: part.add, RemoveTopics: part.remove}
	var response dispatcherv1.UpdateListenerResponse
	if err := c.call(ctx, dispatcherv1.DispatcherService_UpdateListener_FullMethodName, request, &response); err != nil {
		return nil, err
	}
	return slices.Clone(response.GetTopics()), nil
}

// call performs a unary call without a TTL. If the context has no deadline, the call ends after unaryTimeout.
func (c *Client) call(ctx context.Context, method string, request, response proto.Message) error {
	encoded, err := proto.Marshal(request)
	if err != nil {
		return invalidArgument("request", "cannot be encoded: %v", err)
	}
	bound := unaryTimeout
	if _, ok := ctx.Deadline(); ok {
		bound = 0
	}
	return c.invoke(ctx, method, encoded, response, nil, bound)
}

// invoke performs a unary call with an encoded request. It ends when the bound does.
func (c *Client) invoke(
	ctx context.Context, method string, encoded []byte, response proto.Message, headers map[string]string,
	bound time.Duration,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outgoing := c.outgoing(ctx, headers)
	progress := c.newProgress()
	if bound > 0 {
		timer := time.AfterFunc(bound, func() { cancel(progress.noAnswer(bound)) })
		defer timer.Stop()
	}
	outgoing, err := c.withToken(outgoing, progress)
	if err != nil {
		return c.attemptError(ctx, progress, err)
	}
	for {
		a, err := c.connections.newAttempt(outgoing)
		if err != nil {
			return err
		}
		progress.try(a)
		var answer frame
		err = a.connection.conn.Invoke(a.ctx, method, request{a, encoded}, &answer)
		a.release()
		if a.isMovable() {
			continue
		}
		if err != nil {
			return c.attemptError(ctx, progress, err)
		}
		if err := proto.Unmarshal(answer, response); err != nil {
			return malformedMessage(err)
		}
		return nil
	}
}

// attemptError returns the error of a call that has failed: the one with which this package ended it, if it did, or
// what is known about a connection that was not established in time.
func (c *Client) attemptError(ctx context.Context, progress *progress, err error) *Error {
	if own, ok := context.Cause(ctx).(*Error); ok {
		return own
	}
	failure := c.callError(ctx, err)
	progress.failed(failure)
	if ctx.Err() != nil && failure.Code == codes.DeadlineExceeded && !progress.wasSent() {
		return failure.with(progress.describe())
	}
	return failure
}

// outgoing adds the client's metadata and headers to the context.
func (c *Client) outgoing(ctx context.Context, headers map[string]string) context.Context {
	own := c.options.metadata()
	if len(own) == 0 && len(headers) == 0 {
		return ctx
	}
	var pairs []string
	for _, entries := range []map[string]string{own, headers} {
		for key, value := range entries {
			pairs = append(pairs, key, value)
		}
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// callError returns the error of a failed call: ErrClosed if the client was closed, and otherwise gRPC's error. If the
// caller's context has ended, its cause is added.
func (c *Client) callError(ctx context.Context, err error) *Error {
	if c.connections.areClosed() {
		return errClosed
	}
	failure := errorFromCall(err)
	if ctx.Err() == nil || failure.cause != nil {
		return failure
	}
	withCause := *failure
	withCause.cause = context.Cause(ctx)
	return &withCause
}
