package atedispatcher

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// connection is one gRPC connection and the number of calls on it.
type connection struct {
	conn      *grpc.ClientConn
	calls     int
	isRetired bool
}

// reconnectTimeout bounds how long a new call waits for a broken connection to be re-established.
const reconnectTimeout = time.Second

// reconnectNow ends gRPC's own backoff on a broken connection and waits for the outcome of the attempt. Each session
// has a backoff of its own; without this, the two delays would add up.
func (c *connection) reconnectNow(ctx context.Context) {
	if c.conn.GetState() != connectivity.TransientFailure {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, reconnectTimeout)
	defer cancel()
	c.conn.ResetConnectBackoff()
	c.conn.WaitForStateChange(ctx, connectivity.TransientFailure)
}

// connections hands out the current connection and replaces it when a stream finds it dead.
//
// gRPC reports a half-open connection as ready until its keepalive fails, and would put every new stream on it. So a
// stream whose heartbeats stop retires its connection: the next call dials a new one, and the retired one is closed
// when its last call ends.
type connections struct {
	dial func() (*grpc.ClientConn, error)

	mu       sync.Mutex
	current  *connection
	open     map[*connection]struct{}
	isClosed bool
	closed   chan struct{} // closed once isClosed
}

// newConnections prepares the first connection, so that a malformed address fails here.
func newConnections(dial func() (*grpc.ClientConn, error)) (*connections, error) {
	c := &connections{dial: dial, open: map[*connection]struct{}{}, closed: make(chan struct{})}
	_, err := c.get()
	return c, err
}

// acquire returns the current connection and counts a call on it; the caller must call release.
func (c *connections) acquire() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	current, err := c.get()
	if err == nil {
		current.calls++
	}
	return current, err
}

// get returns the current connection. The caller holds the lock.
func (c *connections) get() (*connection, error) {
	if c.isClosed {
		return nil, errClosed
	}
	if c.current == nil {
		conn, err := c.dial()
		if err != nil {
			return nil, invalidArgument("address", "cannot be dialed: %v", err)
		}
		c.current = &connection{conn: conn}
		c.open[c.current] = struct{}{}
	}
	return c.current, nil
}

// release ends a call.
func (c *connections) release(used *connection) {
	c.mu.Lock()
	used.calls--
	c.mu.Unlock()
	c.closeIfUnused(used)
}

// retire keeps new calls off a connection that gRPC reports as ready although it is dead. It does nothing in any other
// state, since gRPC then reconnects by itself.
func (c *connections) retire(dead *connection) {
	if dead.conn.GetState() != connectivity.Ready {
		return
	}
	c.mu.Lock()
	dead.isRetired = true
	if c.current == dead {
		c.current = nil
	}
	c.mu.Unlock()
}

func (c *connections) closeIfUnused(used *connection) {
	c.mu.Lock()
	_, isOpen := c.open[used]
	isUnused := isOpen && used.isRetired && used.calls == 0
	if isUnused {
		delete(c.open, used)
	}
	c.mu.Unlock()
	if isUnused {
		_ = used.conn.Close()
	}
}

// areClosed reports whether close was called.
func (c *connections) areClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isClosed
}

// close closes every connection, which ends every call.
func (c *connections) close() {
	c.mu.Lock()
	if !c.isClosed {
		c.isClosed = true
		close(c.closed)
	}
	open := c.open
	c.open = nil
	c.mu.Unlock()
	for each := range open {
		_ = each.conn.Close()
	}
}
