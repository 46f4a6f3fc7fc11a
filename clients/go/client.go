package atedispatcher

import (
	"context"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// DefaultAddress is where a dispatcher listens unless told otherwise.
const DefaultAddress = "127.0.0.1:50051"

// Client is a connection to a dispatcher, for any number of goroutines. Make it with NewClient and close it.
type Client struct {
	options     clientOptions
	connections *connections
	// heartbeat is the interval that the server last announced, on whatever stream; 0 before.
	heartbeat atomic.Int64
}

// NewClient makes a client of the dispatcher at an address, host:port or any other gRPC target; [DefaultAddress] if it
// is empty. It connects at the first use, and again whenever the connection is lost.
func NewClient(address string, options ...Option) (*Client, error) {
	if address == "" {
		address = DefaultAddress
	}
	c := &Client{options: newClientOptions(options)}
	connections, err := newConnections(func() (*grpc.ClientConn, error) {
		return grpc.NewClient(address, c.options.dialOptions()...)
	})
	if err != nil {
		return nil, err
	}
	c.connections = connections
	return c, nil
}

// Close ends every call at once, with ErrClosed. To let producers finish what they are working on, close them first.
func (c *Client) Close() error {
	c.connections.close()
	return nil
}

// WaitForReady connects, and returns once the connection stands or the context ends.
func (c *Client) WaitForReady(ctx context.Context) error {
	connection, err := c.connections.acquire()
	if err != nil {
		return err
	}
	defer c.connections.release(connection)
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
			return c.callError(ctx, ctx.Err())
		}
	}
}

// CancelRequest ends a request, whoever made it, and returns how it ended. It fails with ErrRequestNotFound if no such
// request is in flight or remembered; one that has ended already is left as it is.
func (c *Client) CancelRequest(ctx context.Context, requestID string) (*Summary, error) {
	request := &dispatcherv1.CancelRequestRequest{RequestId: requestID}
	var response dispatcherv1.CancelRequestResponse
	if err := c.call(ctx, dispatcherv1.DispatcherService_CancelRequest_FullMethodName, request, &response); err != nil {
		return nil, err
	}
	return summaryOf(response.GetSummary()), nil
}

// UpdateListener changes the topics of a connected listener, of whatever program, and returns all that it has then,
// sorted. It fails with ErrListenerNotFound if it is not connected.
func (c *Client) UpdateListener(ctx context.Context, listenerID string, add, remove []string) ([]string, error) {
	request := &dispatcherv1.UpdateListenerRequest{ListenerId: listenerID, AddTopics: add, RemoveTopics: remove}
	var response dispatcherv1.UpdateListenerResponse
	if err := c.call(ctx, dispatcherv1.DispatcherService_UpdateListener_FullMethodName, request, &response); err != nil {
		return nil, err
	}
	return slices.Clone(response.GetTopics()), nil
}

func (c *Client) call(ctx context.Context, method string, request, response proto.Message) error {
	encoded, err := proto.Marshal(request)
	if err != nil {
		return invalidArgument("request", "cannot be encoded: %v", err)
	}
	return c.invoke(ctx, method, encoded, response, nil)
}

// invoke calls once, with a request that is encoded already.
func (c *Client) invoke(
	ctx context.Context, method string, request []byte, response proto.Message, headers map[string]string,
) error {
	connection, err := c.connections.acquire()
	if err != nil {
		return err
	}
	defer c.connections.release(connection)
	var answer frame
	if err := connection.conn.Invoke(c.outgoing(ctx, headers), method, frame(request), &answer); err != nil {
		return c.callError(ctx, err)
	}
	if err := proto.Unmarshal(answer, response); err != nil {
		return malformedMessage(err)
	}
	return nil
}

// outgoing adds metadata to what the context carries already.
func (c *Client) outgoing(ctx context.Context, headers map[string]string) context.Context {
	if len(c.options.metadata) == 0 && len(headers) == 0 {
		return ctx
	}
	var pairs []string
	for _, entries := range []map[string]string{c.options.metadata, headers} {
		for key, value := range entries {
			pairs = append(pairs, key, value)
		}
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// callError tells apart what the caller, this client and the server ended a call with.
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
