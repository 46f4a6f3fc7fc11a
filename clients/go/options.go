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
	// keepaliveTime is as often as servers and meshes put up with being pinged.
	keepaliveTime = 30 * time.Second
	// keepaliveTimeout is generous, because a server that was stalled answers late.
	keepaliveTimeout = 20 * time.Second
	// maxReceiveBytes only stops a peer that is no dispatcher: a batch is one message, and the server bounds its size.
	maxReceiveBytes = 64 << 20
	// streamWindow is what the server may have under way on one stream. What exceeds it waits at the server, which
	// counts it and tells a slow listener what it lost.
	streamWindow = 1 << 20
	// connectionWindow lets several streams be full at once.
	connectionWindow = 4 << 20
	// connectTimeout is how long one try to connect may take.
	connectTimeout = 10 * time.Second
)

// Version is the version of this package.
const Version = "0.1.0"

// Option is an option of NewClient.
type Option func(*clientOptions)

type clientOptions struct {
	credentials credentials.TransportCredentials
	metadata    map[string]string
	reconnect   Reconnect
	dial        []grpc.DialOption
}

// WithTransportCredentials encrypts the connection. Default: none, in clear text.
func WithTransportCredentials(credentials credentials.TransportCredentials) Option {
	return func(o *clientOptions) { o.credentials = credentials }
}

// WithMetadata sends metadata, such as authorization, with every call.
func WithMetadata(metadata map[string]string) Option {
	return func(o *clientOptions) { o.metadata = metadata }
}

// WithReconnect changes the delays between tries to reconnect.
func WithReconnect(reconnect Reconnect) Option {
	return func(o *clientOptions) { o.reconnect = reconnect }
}

// WithDialOptions adds options of the gRPC channel, such as interceptors and stats handlers; they win over this
// package's own. A proxy named by the environment is not used.
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
		// Otherwise a proxy in the environment silently reroutes calls inside a cluster.
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
