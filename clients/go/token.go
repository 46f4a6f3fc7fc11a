package atedispatcher

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// tokenTimeout bounds one call of a token function, and how long a call waits for it.
const tokenTimeout = 10 * time.Second

// WithToken sends a token as `authorization: Bearer <token>` with every call. A session whose token is refused ends with
// ErrUnauthenticated. The last of WithToken and WithTokenFunc counts.
//
// A token is sent only if the connection is encrypted, or leads to a loopback address or unix socket; see
// [WithInsecureToken]. NewClient fails with ErrInvalidArgument for any other address, and for a token that is empty or
// has other characters than printable ASCII without spaces. No error and no formatted output has the token.
func WithToken(token string) Option {
	return func(o *clientOptions) {
		o.tokens = newTokenSource(func(context.Context) (string, error) { return token, nil })
		o.tokens.isFixed = true
	}
}

// WithTokenFunc is like WithToken, with a function that returns the token. The package calls it for every call and
// whenever a stream is opened or reopened, so the function should cache what is expensive to get. It is called once at a
// time: calls that need a token while it runs share the result. Its context ends after 10 s.
//
// If the function fails, panics or does not return in time, calls fail with ErrUnavailable and the reason TOKEN_FAILED,
// and nothing is sent. Producers and listeners then try again with backoff (see [Reconnect]), also after a token was
// refused with ErrUnauthenticated.
func WithTokenFunc(token func(context.Context) (string, error)) Option {
	return func(o *clientOptions) { o.tokens = newTokenSource(token) }
}

// WithInsecureToken also sends the token in clear text to addresses that are not loopback. It is for networks that
// something else encrypts, such as a transparent service mesh: anyone who reads the traffic can use the token.
func WithInsecureToken() Option {
	return func(o *clientOptions) { o.allowsInsecureToken = true }
}

// tokenSource calls the token function. It hides the token in a function, so that formatting a value that holds it
// prints no token.
type tokenSource struct {
	ask     func(context.Context) (string, error)
	isFixed bool
	timeout time.Duration // of the function and of each wait for it
	// lifetime ends when the client is closed.
	lifetime context.Context
	end      context.CancelFunc

	mu      sync.Mutex
	current *tokenAnswer // nil unless the function runs
}

func newTokenSource(ask func(context.Context) (string, error)) *tokenSource {
	s := &tokenSource{ask: ask, timeout: tokenTimeout}
	s.lifetime, s.end = context.WithCancel(context.Background())
	return s
}

// tokenAnswer is the answer of one call of the token function.
type tokenAnswer struct {
	done  chan struct{} // closed once the answer is known
	token string
	err   error
}

// get returns a token. It fails with TOKEN_FAILED, or when the context ends. A call that needs a token while the
// function runs shares the answer.
func (s *tokenSource) get(ctx context.Context) (string, error) {
	if s.isFixed {
		return s.ask(ctx)
	}
	s.mu.Lock()
	answer := s.current
	if answer == nil {
		answer = &tokenAnswer{done: make(chan struct{})}
		s.current = answer
		go s.run(answer)
	}
	s.mu.Unlock()
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	select {
	case <-answer.done:
		return answer.token, answer.err
	case <-timer.C:
		return "", tokenFailed(fmt.Sprintf("did not return within %v", s.timeout), context.DeadlineExceeded)
	case <-s.lifetime.Done():
		return "", errClosed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// run calls the function, which is user code: it may fail, panic, or end its goroutine.
func (s *tokenSource) run(answer *tokenAnswer) {
	// The context is not that of a call, since other calls may share the answer.
	ctx, cancel := context.WithTimeout(s.lifetime, s.timeout)
	defer cancel()
	panicked, returned := contain(func() { answer.token, answer.err = s.ask(ctx) })
	switch {
	case !returned && panicked != nil:
		answer.err = tokenFailed("panicked: "+panicText(panicked), nil)
	case !returned:
		answer.err = tokenFailed("ended its goroutine", nil)
	case answer.err != nil:
		answer.err = tokenFailed("failed: "+errorText(answer.err), answer.err)
	default:
		if problem := tokenProblem(answer.token); problem != "" {
			answer.err = tokenFailed("returned a token that "+problem, nil)
		}
	}
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	close(answer.done)
}

func tokenFailed(what string, cause error) *Error {
	return &Error{Code: codes.Unavailable, Reason: "TOKEN_FAILED", Message: "the token function " + what, cause: cause}
}

// tokenProblem says why a token cannot be sent; empty if it can.
func tokenProblem(token string) string {
	if token == "" {
		return "is empty"
	}
	for _, c := range []byte(token) {
		if c <= 0x20 || c > 0x7e {
			return "has a space, a line end or another character that is not printable ASCII; give only the token, trimmed"
		}
	}
	return ""
}

// check adds a token that cannot be sent.
func (s *tokenSource) check(found *violations) {
	if s.ask == nil {
		found.add("token", "is a function that is nil")
		return
	}
	if s.isFixed {
		token, _ := s.ask(context.Background())
		if problem := tokenProblem(token); problem != "" {
			found.add("token", "%s", problem)
		}
	}
}

// heldToken is the token of one call in its context. It is a function, because a context prints texts.
type heldToken func() string

type heldTokenKey struct{}

// withToken adds the token to the context of a call.
func (c *Client) withToken(ctx context.Context, progress *progress) (context.Context, error) {
	tokens := c.options.tokens
	if tokens == nil {
		return ctx, nil
	}
	progress.setAsking(true)
	token, err := tokens.get(ctx)
	if err != nil {
		if ctx.Err() == nil {
			progress.setAsking(false)
		}
		return nil, err
	}
	progress.setAsking(false)
	return context.WithValue(ctx, heldTokenKey{}, heldToken(func() string { return token })), nil
}

// bearerCredentials send the token of each call, once the connection is known that it is sent on. Dial options and name
// resolution decide that, so the check of the address is not enough.
type bearerCredentials struct {
	allowsInsecure bool
}

var _ credentials.PerRPCCredentials = bearerCredentials{}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearerCredentials) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	held, ok := ctx.Value(heldTokenKey{}).(heldToken)
	if !ok {
		return nil, nil
	}
	if !b.allowsInsecure && !isProtected(ctx) {
		return nil, errTokenNotSent
	}
	return map[string]string{"authorization": "Bearer " + held()}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials. gRPC's own check would refuse loopback, too.
func (bearerCredentials) RequireTransportSecurity() bool { return false }

// tokenNotSentReason is the reason of errTokenNotSent. Another token would not be sent either.
const tokenNotSentReason = "TOKEN_NOT_SENT"

// errTokenNotSent is a gRPC status, because gRPC passes on the details of no other error.
var errTokenNotSent = func() error {
	refusal := status.New(codes.Unauthenticated, "the token was not sent in clear text to an address that is not loopback; "+
		"use WithTLS, or WithInsecureToken if something else encrypts the traffic")
	detailed, err := refusal.WithDetails(&errdetails.ErrorInfo{Reason: tokenNotSentReason})
	if err != nil {
		return refusal.Err()
	}
	return detailed.Err()
}()

// isProtected reports whether the connection of a call is encrypted or does not leave this machine.
func isProtected(ctx context.Context) bool {
	connected, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	if credentials.CheckSecurityLevel(connected.AuthInfo, credentials.PrivacyAndIntegrity) == nil {
		return true
	}
	switch address := connected.Addr.(type) {
	case *net.TCPAddr:
		return address.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// isLocal reports whether an address that checkAddress accepts leads to this machine: a unix socket, a loopback address
// or localhost.
func isLocal(address string) bool {
	if scheme, rest, ok := strings.Cut(address, ":"); ok {
		switch scheme {
		case "unix", "unix-abstract":
			return true
		case "dns", "passthrough":
			// Without the authority, which is empty unless another DNS server is asked.
			address = strings.TrimPrefix(strings.TrimPrefix(rest, "//"), "/")
		}
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
