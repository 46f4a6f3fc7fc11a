package atedispatcher

import (
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
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
	credentials credentials.TransportCredentials
	metadata    map[string]string
	reconnect   Reconnect
	dial        []grpc.DialOption
}

// WithTransportCredentials sets the transport credentials, such as TLS. Default: clear text.
func WithTransportCredentials(credentials credentials.TransportCredentials) Option {
	return func(o *clientOptions) { o.credentials = credentials }
}

// WithMetadata adds metadata, such as authorization, to every call.
func WithMetadata(metadata map[string]string) Option {
	return func(o *clientOptions) { o.metadata = metadata }
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
	o := clientOptions{credentials: insecure.NewCredentials()}
	for _, option := range options {
		option(&o)
	}
	o.reconnect = o.reconnect.withDefaults()
	return o
}

func (o clientOptions) dialOptions() []grpc.DialOption {
	return append([]grpc.DialOption{
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
	}, o.dial...)
}
