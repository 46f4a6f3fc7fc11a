package atedispatcher

import (
	"net"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
)

const (
	// keepaliveTime is the shortest interval of pings that servers and meshes commonly allow.
	keepaliveTime = 30 * time.Second
	// keepaliveTimeout is long, because a stalled server answers late.
	keepaliveTimeout = 20 * time.Second
	// maxReceiveBytes protects against a peer that is not a dispatcher. A dispatcher bounds its messages far below it.
	maxReceiveBytes = 64 << 20
	// streamWindow is the flow-control window of one stream, in bytes. Messages beyond it wait in the server's buffer,
	// which counts them and reports a gap to a slow listener.
	streamWindow = 1 << 20
	// connectionWindow is the flow-control window of one connection, in bytes: it fits four full streams.
	connectionWindow = 4 << 20
	// connectTimeout bounds one attempt to connect.
	connectTimeout = 10 * time.Second
)

// Version is the version of this package.
const Version = "0.1.0"

// Option configures a client.
type Option func(*clientOptions)

type clientOptions struct {
	// newCredentials returns the credentials, or adds what is wrong with the options that describe them.
	newCredentials      func(*violations) credentials.TransportCredentials
	credentials         credentials.TransportCredentials
	tokens              *tokenSource // nil unless a token is sent
	allowsInsecureToken bool
	// metadata returns the metadata of every call. It is a function, because package fmt would print a map.
	metadata  func() map[string]string
	reconnect Reconnect
	dial      []grpc.DialOption
}

// WithTransportCredentials sets the transport credentials, for other ones than those of [WithTLS] and [WithTLSConfig].
// Default: clear text.
func WithTransportCredentials(given credentials.TransportCredentials) Option {
	return func(o *clientOptions) {
		o.newCredentials = func(found *violations) credentials.TransportCredentials {
			if given == nil {
				found.add("credentials", "are nil")
			}
			return given
		}
	}
}

// WithMetadata adds metadata to every call. For a token, use [WithToken]: metadata is also sent in clear text.
func WithMetadata(metadata map[string]string) Option {
	return func(o *clientOptions) { o.metadata = func() map[string]string { return metadata } }
}

// WithReconnect sets the delays between attempts to reconnect. Default: see [Reconnect].
func WithReconnect(reconnect Reconnect) Option {
	return func(o *clientOptions) { o.reconnect = reconnect }
}

// WithDialOptions adds gRPC dial options, such as interceptors and stats handlers. They override the options that this
// package sets. The client ignores proxies that the environment names.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(o *clientOptions) { o.dial = append(o.dial, options...) }
}

func newClientOptions(options []Option) clientOptions {
	o := clientOptions{
		newCredentials: func(*violations) credentials.TransportCredentials { return newClearCredentials() },
		metadata:       func() map[string]string { return nil },
	}
	for _, option := range options {
		option(&o)
	}
	return o
}

// check makes the credentials and adds impossible options.
func (o *clientOptions) check(address string, found *violations) {
	o.credentials = o.newCredentials(found)
	o.reconnect.check(found)
	found.addFrom(checkMetadata("metadata", o.metadata()))
	if o.tokens == nil {
		return
	}
	o.tokens.check(found)
	isClear := o.credentials != nil && o.credentials.Info().SecurityProtocol == "insecure"
	if isClear && !o.allowsInsecureToken && !isLocal(address) {
		found.add("token", "is not sent in clear text to %q; use WithTLS, or WithInsecureToken if something else "+
			"encrypts the traffic", boundedText(address, 256))
	}
	for key := range o.metadata() {
		if strings.EqualFold(key, "authorization") {
			found.add("metadata", "has the key %q, which WithToken sends", key)
		}
	}
}

// checkAddress refuses what gRPC would take for a host name, and would then fail to resolve at each call.
func checkAddress(address string) error {
	if address != strings.TrimSpace(address) {
		return invalidArgument("address", "%q has spaces around it; use host:port", address)
	}
	if scheme, _, ok := strings.Cut(address, "://"); ok {
		switch strings.ToLower(scheme) {
		case "http", "https", "grpc", "grpcs", "tcp", "ws", "wss":
			return invalidArgument("address", "%q is a URL; use host:port, and WithTLS for TLS", address)
		}
		return nil // Any other scheme may be the one of a resolver.
	}
	if scheme, _, _ := strings.Cut(address, ":"); resolver.Get(scheme) != nil {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return invalidArgument("address", "%q is malformed (%v); use host:port", address, err)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 || host == "" {
		return invalidArgument("address", "%q is malformed; use host:port with a port from 1 to 65535", address)
	}
	return nil
}

// checkMetadata refuses metadata that gRPC would reject at each call.
func checkMetadata(field string, entries map[string]string) error {
	for key, value := range entries {
		for _, c := range []byte(strings.ToLower(key)) {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
				return invalidArgument(field, "has the key %q; use letters, digits, -, _ and .", boundedText(key, 64))
			}
		}
		if key == "" || strings.HasPrefix(strings.ToLower(key), "grpc-") {
			return invalidArgument(field, "has the key %q, which is reserved", boundedText(key, 64))
		}
		if strings.HasSuffix(strings.ToLower(key), "-bin") {
			continue
		}
		for _, c := range []byte(value) {
			if c < 0x20 || c > 0x7e {
				return invalidArgument(field, "has a value of %q that is not printable ASCII", key)
			}
		}
	}
	return nil
}

func (o clientOptions) dialOptions() []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(o.credentials),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connectionWindow),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceiveBytes), grpc.ForceCodecV2(codec{})),
		grpc.WithUserAgent("ate-dispatcher-go/" + Version),
		// A proxy from the environment would silently reroute calls inside a cluster.
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{
			MinConnectTimeout: connectTimeout,
			Backoff: grpcbackoff.Config{
				BaseDelay:  o.reconnect.InitialDelay,
				Multiplier: o.reconnect.Multiplier,
				Jitter:     o.reconnect.Jitter,
				MaxDelay:   o.reconnect.MaxDelay,
			},
		}),
	}
	if o.tokens != nil {
		options = append(options, grpc.WithPerRPCCredentials(bearerCredentials{o.allowsInsecureToken}))
	}
	return append(options, o.dial...)
}
