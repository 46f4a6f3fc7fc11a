package atedispatcher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// explainedCredentials are credentials whose failures say what may be wrong.
//
// With TLS 1.3, a client has finished its handshake before the server checks the client's certificate. A refusal is
// then the end of a connection that seemed to be established, often without an alert: the first read fails. In
// clear text, a server that expects TLS ends the connection in the same way. So this type looks at what is read before the first byte.
type explainedCredentials struct {
	credentials.TransportCredentials
	// hint says what may be wrong if the server ends the connection before its first message.
	hint string
	// onFailure receives each failure; nil until the client sets it.
	onFailure func(error)
}

// newTLSCredentials returns explained credentials with a clone of the configuration.
func newTLSCredentials(config *tls.Config) credentials.TransportCredentials {
	hint := "it may require a client certificate, see WithTLS"
	if len(config.Certificates) > 0 || config.GetClientCertificate != nil {
		hint = "it may not trust the certificate of this client"
	}
	return &explainedCredentials{TransportCredentials: credentials.NewTLS(config), hint: hint}
}

// newClearCredentials returns explained credentials without encryption.
func newClearCredentials() credentials.TransportCredentials {
	return &explainedCredentials{
		TransportCredentials: insecure.NewCredentials(),
		hint:                 "it may require TLS, see WithTLS",
	}
}

// ClientHandshake implements credentials.TransportCredentials.
func (e *explainedCredentials) ClientHandshake(
	ctx context.Context, authority string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := e.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		// A canceled attempt says nothing about the server.
		if !errors.Is(err, context.Canceled) {
			e.report(fmt.Errorf("the TLS handshake failed: %w", err))
		}
		return nil, nil, err
	}
	return &explainedConn{Conn: conn, credentials: e}, info, nil
}

// Clone implements credentials.TransportCredentials.
func (e *explainedCredentials) Clone() credentials.TransportCredentials {
	return &explainedCredentials{e.TransportCredentials.Clone(), e.hint, e.onFailure}
}

func (e *explainedCredentials) report(failure error) {
	if e.onFailure != nil {
		e.onFailure(failure)
	}
}

// explainedConn explains the failure of reads before the first byte. gRPC reads from one goroutine at a time.
type explainedConn struct {
	net.Conn
	credentials *explainedCredentials
	hasHeard    atomic.Bool // whether a byte has arrived
}

// Read implements net.Conn.
func (c *explainedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case c.hasHeard.Load():
	case n > 0:
		c.hasHeard.Store(true)
	case err != nil && !errors.Is(err, net.ErrClosed): // The own end of a connection says nothing about the server.
		err = fmt.Errorf("%w; the server ended the connection before its first message: %s", err, c.credentials.hint)
		c.credentials.report(err)
	}
	return n, err
}

// Write implements net.Conn. A write that fails before a byte has arrived is reported as done: a server that refuses
// the client has ended the connection by then, and gRPC would report the broken pipe instead of the reason, which the
// read has. The read fails too, so gRPC does not use the connection.
func (c *explainedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil && !c.hasHeard.Load() {
		return len(p), nil
	}
	return n, err
}
