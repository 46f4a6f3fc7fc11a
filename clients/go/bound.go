package atedispatcher

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

const (
	// answerReserve is how long the end of a call may come after the TTL of its request.
	answerReserve = time.Second
	// defaultAnswerBound bounds the wait for the acceptance of a request whose TTL the server chooses: its default is 5 s.
	defaultAnswerBound = 6 * time.Second
	// unaryTimeout bounds a call without a TTL, unless its context has a deadline.
	unaryTimeout = 10 * time.Second
)

// answerBound returns how long the caller waits for the answer to a request, including the wait for a connection; 0 if
// only the context bounds it. Without a TTL, the TTL is the time until the context's deadline.
//
// The bound is not a deadline of the call, because the server would take a deadline as the TTL of a request without one.
func answerBound(ctx context.Context, ttl time.Duration) time.Duration {
	if ttl > 0 {
		return saturatingAdd(ttl, answerReserve)
	}
	if _, ok := ctx.Deadline(); ok {
		return 0
	}
	return defaultAnswerBound
}

// saturatingAdd adds durations that are not negative; the sum is at most the longest duration, 292 years.
func saturatingAdd(a, b time.Duration) time.Duration {
	if sum := a + b; sum >= a {
		return sum
	}
	return 1<<63 - 1
}

// progress knows how far a call got, for the error of a call that gets no answer.
type progress struct {
	client    *Client
	startedAt time.Time

	mu       sync.Mutex
	isAsking bool // whether the call waits for the token function
	last     *attempt
}

func (c *Client) newProgress() *progress {
	return &progress{client: c, startedAt: time.Now()}
}

// try notes the next attempt.
func (p *progress) try(a *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = a
}

// setAsking notes whether the call waits for the token function.
func (p *progress) setAsking(isAsking bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isAsking = isAsking
}

// waitsForToken reports whether the call waits for the token function.
func (p *progress) waitsForToken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isAsking
}

// wasSent reports whether the call has a stream.
func (p *progress) wasSent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil && p.last.wasSent()
}

// failed remembers why there is no connection.
func (p *progress) failed(failure *Error) {
	if failure.Code == codes.Unavailable && failure.Reason != "TOKEN_FAILED" && !p.wasSent() {
		message := failure.Message
		p.client.lastFailure.Store(&message)
	}
}

// isReady reports whether the connection of the last attempt is established.
func (p *progress) isReady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last != nil && p.last.connection.conn.GetState() == connectivity.Ready
}

// describe says what is known.
func (p *progress) describe() string {
	switch {
	case p.waitsForToken():
		return "the token function has not returned"
	case p.wasSent():
		return "the server at " + p.client.address + " is connected and has not answered"
	case p.isReady():
		return fmt.Sprintf("%s is connected, but all of at most %d connections have as many streams as the server or a "+
			"proxy admits; end some, or raise the limit", p.client.address, maxConnections)
	}
	text := "there is no connection to " + p.client.address
	if last := p.client.lastFailure.Load(); last != nil {
		return text + "; the last attempt failed: " + *last
	}
	return text + "; it has not answered the attempt to connect"
}

// noAnswer returns the error of a call whose bound has passed, and keeps new calls off a connection that may be dead.
func (p *progress) noAnswer(waited time.Duration) *Error {
	e := &Error{
		Code:    codes.Unavailable,
		Reason:  "NOT_CONNECTED",
		Message: fmt.Sprintf("no answer after %v: %s", waited.Round(time.Millisecond), p.describe()),
	}
	switch {
	case p.waitsForToken():
		e.Reason = "TOKEN_FAILED"
	case p.wasSent():
		e.Reason = "NO_ANSWER"
		p.retire()
	case p.isReady():
		e.Code, e.Reason = codes.ResourceExhausted, "STREAM_LIMIT"
	}
	return e
}

// retire keeps new calls off the connection of the call.
func (p *progress) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil {
		p.client.connections.retire(p.last.connection)
	}
}
