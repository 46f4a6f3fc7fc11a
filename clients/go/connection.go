package atedispatcher

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/stats"
)

const (
	// reconnectTimeout bounds how long a new call waits for a broken connection to be re-established.
	reconnectTimeout = time.Second
	// maxConnections bounds the connections of one client. Beyond it, calls wait for streams that end.
	maxConnections = 64
	// extraIdleTime is how long a further connection stays open without calls.
	extraIdleTime = 10 * time.Second
)

// connection is one gRPC connection and the calls on it. The lock of its connections guards its fields.
type connection struct {
	conn *grpc.ClientConn
	// calls is the number of calls that have acquired the connection, with or without a stream.
	calls int
	// streams is the number of calls that have a stream.
	streams int
	// maxStreams is how many streams the peer was found to admit; 0 while that is unknown.
	maxStreams   int
	hasConnected bool
	isRetired    bool
	idleTimer    *time.Timer // closes a further connection; nil unless it is idle
}

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

// hasRoom reports whether the peer admits a further stream, as far as that is known.
func (c *connection) hasRoom() bool {
	return c.maxStreams == 0 || c.calls < c.maxStreams
}

// connections hands out connections, opens further ones at the peer's limit of streams, and replaces dead ones.
//
// gRPC reports a half-open connection as ready until its keepalive fails, and would put every new stream on it. So a
// stream whose heartbeats stop retires its connection: the next call dials a new one, and the retired one is closed
// when its last call ends.
//
// A server or proxy also limits the streams of a connection: nginx admits 128, HAProxy 100. gRPC lets further streams
// wait without a word; attempt finds that out. New calls prefer the oldest connection with room, so that further ones
// become idle and are closed.
type connections struct {
	dial     func(stats.Handler) (*grpc.ClientConn, error)
	idleTime time.Duration // how long a further connection stays open without calls

	mu       sync.Mutex
	open     []*connection // oldest first, retired ones included
	isClosed bool
	closed   chan struct{} // closed once isClosed
}

// newConnections prepares the first connection, so that a malformed address fails here.
func newConnections(dial func(stats.Handler) (*grpc.ClientConn, error)) (*connections, error) {
	c := &connections{dial: dial, idleTime: extraIdleTime, closed: make(chan struct{})}
	_, err := c.get()
	return c, err
}

// acquire returns a connection with room and counts a call on it; the caller must call release.
func (c *connections) acquire() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used, err := c.get()
	if err == nil {
		used.calls++
		if used.idleTimer != nil {
			used.idleTimer.Stop()
			used.idleTimer = nil
		}
	}
	return used, err
}

// get returns the oldest connection with room. At the maximum of connections it returns the one with the fewest calls.
// The caller holds the lock.
func (c *connections) get() (*connection, error) {
	if c.isClosed {
		return nil, errClosed
	}
	var leastBusy *connection
	usable := 0
	for _, each := range c.open {
		if each.isRetired {
			continue
		}
		if each.hasRoom() {
			return each, nil
		}
		usable++
		if leastBusy == nil || each.calls < leastBusy.calls {
			leastBusy = each
		}
	}
	if usable >= maxConnections {
		return leastBusy, nil
	}
	added := &connection{}
	if leastBusy != nil {
		// The same peer most likely admits as many streams again.
		added.maxStreams = leastBusy.maxStreams
	}
	conn, err := c.dial(&streamEvents{connections: c, connection: added})
	if err != nil {
		return nil, invalidArgument("address", "cannot be dialed: %v", err)
	}
	added.conn = conn
	c.open = append(c.open, added)
	return added, nil
}

// opened counts a stream.
func (c *connections) opened(used *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used.streams++
}

// connected notes that gRPC has connected. After a reconnect, another peer may be behind the same address.
func (c *connections) connected(used *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if used.hasConnected {
		used.maxStreams = 0
	}
	used.hasConnected = true
}

// full notes that the peer admits no further stream, and reports whether another connection may have room. A connection
// without streams is not full, whatever keeps the call.
func (c *connections) full(used *connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if used.streams == 0 {
		return false
	}
	if used.maxStreams == 0 || used.streams < used.maxStreams {
		used.maxStreams = used.streams
	}
	usable := 0
	for _, each := range c.open {
		if each.isRetired {
			continue
		}
		if each.hasRoom() {
			return true
		}
		usable++
	}
	return usable < maxConnections
}

// release ends a call, which had a stream or not.
func (c *connections) release(used *connection, hadStream bool) {
	c.mu.Lock()
	used.calls--
	if hadStream {
		used.streams--
	}
	isExtra := !c.isClosed && !used.isRetired && used.calls == 0 && c.first() != used
	if isExtra && used.idleTimer == nil {
		used.idleTimer = time.AfterFunc(c.idleTime, func() { c.retireIdle(used) })
	}
	c.mu.Unlock()
	c.closeIfUnused(used)
}

// first returns the oldest connection that is not retired. The caller holds the lock.
func (c *connections) first() *connection {
	for _, each := range c.open {
		if !each.isRetired {
			return each
		}
	}
	return nil
}

// retireIdle closes a further connection that has had no calls for the idle time.
func (c *connections) retireIdle(idle *connection) {
	c.mu.Lock()
	if idle.calls == 0 && c.first() != idle {
		idle.isRetired = true
	}
	c.mu.Unlock()
	c.closeIfUnused(idle)
}

// retire keeps new calls off a connection that gRPC reports as ready although it is dead or ends soon. It does nothing
// in any other state, since gRPC then reconnects by itself.
func (c *connections) retire(dead *connection) {
	if dead.conn.GetState() != connectivity.Ready {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	dead.isRetired = true
}

func (c *connections) closeIfUnused(used *connection) {
	c.mu.Lock()
	i := slices.Index(c.open, used)
	isUnused := i >= 0 && used.isRetired && used.calls == 0
	if isUnused {
		c.open = slices.Delete(c.open, i, i+1)
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
	for _, each := range open {
		if each.idleTimer != nil {
			each.idleTimer.Stop()
		}
	}
	c.mu.Unlock()
	for _, each := range open {
		_ = each.conn.Close()
	}
}
