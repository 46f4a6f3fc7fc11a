package atedispatcher

import (
	"context"

	"google.golang.org/protobuf/encoding/protowire"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Dispatch scatters a request; the results go to the topic's listeners. It returns as soon as the server has accepted
// the request.
//
// It fails with ErrInvalidArgument (naming the field), ErrNoProducers, ErrRequestIDReused, ErrResourceExhausted or
// ErrUnavailable. After ErrUnavailable, the server may or may not have accepted the request; a retry with the same
// RequestID is safe.
func (c *Client) Dispatch(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	return c.dispatch(ctx, topic, options, false)
}

// Validate checks a request and returns the producers that would get it, without scattering it. It fails like Dispatch.
func (c *Client) Validate(ctx context.Context, topic string, options RequestOptions) (*Acceptance, error) {
	return c.dispatch(ctx, topic, options, true)
}

func (c *Client) dispatch(
	ctx context.Context, topic string, options RequestOptions, validateOnly bool,
) (*Acceptance, error) {
	request, err := options.encodeDispatch(topic)
	if err != nil {
		return nil, err
	}
	return c.dispatchEncoded(ctx, request, options, validateOnly)
}

// dispatchEncoded is dispatch with an encoded request.
func (c *Client) dispatchEncoded(
	ctx context.Context, request []byte, options RequestOptions, validateOnly bool,
) (*Acceptance, error) {
	call := requestCall(request, validateOnly)
	var response dispatcherv1.DispatchResponse
	method := dispatcherv1.DispatcherService_Dispatch_FullMethodName
	bound := answerBound(ctx, options.TTL)
	if err := c.invoke(ctx, method, call, &response, options.Context, bound); err != nil {
		return nil, err
	}
	return acceptanceOf(response.GetAcceptance()), nil
}

// requestCall encodes a DispatchRequest (flag: validate_only) or GatherRequest (flag: exclude_listeners), which use the
// same field numbers.
func requestCall(request []byte, flag bool) []byte {
	call := appendMessage(make([]byte, 0, len(request)+16), 1, request)
	if flag {
		call = protowire.AppendVarint(protowire.AppendTag(call, 2, protowire.VarintType), 1)
	}
	return call
}
