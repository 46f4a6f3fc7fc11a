package atedispatcher

import (
	"context"

	"google.golang.org/protobuf/encoding/protowire"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Dispatch scatters a request; its results go to the topic's listeners. It returns as soon as the server has taken it.
//
// It fails with ErrInvalidArgument (naming the field), ErrNoProducers, ErrRequestIDReused, ErrResourceExhausted or
// ErrUnavailable; after the latter, whether the request was taken is unknown, and a retry with the same RequestID is
// safe.
func (c *Client) Dispatch(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	return c.dispatch(ctx, topic, options, false)
}

// Validate says who would be asked; nothing is scattered. It fails as Dispatch does.
func (c *Client) Validate(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	return c.dispatch(ctx, topic, options, true)
}

func (c *Client) dispatch(
	ctx context.Context, topic string, options RequestOptions, validateOnly bool,
) (*Acceptance, error) {
	if options.ExcludeListeners {
		return nil, errExcludesAll()
	}
	request, err := requestCall(topic, &options, validateOnly)
	if err != nil {
		return nil, err
	}
	var response dispatcherv1.DispatchResponse
	method := dispatcherv1.DispatcherService_Dispatch_FullMethodName
	if err := c.invoke(ctx, method, request, &response, options.Context); err != nil {
		return nil, err
	}
	return acceptanceOf(response.GetAcceptance()), nil
}

func errExcludesAll() error {
	return invalidArgument("exclude_listeners", "is for Gather: nobody would get the results")
}

// requestCall is a DispatchRequest or GatherRequest, whose fields bear the same numbers.
func requestCall(topic string, options *RequestOptions, flag bool) ([]byte, error) {
	request, err := options.encode(topic)
	if err != nil {
		return nil, err
	}
	call := appendMessage(make([]byte, 0, len(request)+16), 1, request)
	if flag {
		call = protowire.AppendVarint(protowire.AppendTag(call, 2, protowire.VarintType), 1)
	}
	return call, nil
}
