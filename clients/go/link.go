package atedispatcher

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// link is one connection and the number of calls on it.
type link struct {
	conn    *grpc.ClientConn
	calls   int
	retired bool
}

// hurryLimit is how long a call waits for a connection that broke to come back, before it fails.
const hurryLimit = time.Second

// hurry ends the channel's own wait between tries to connect: how long to wait is for each session to say, and the
// two waits would add up.
func (l *link) hurry(ctx context.Context) {
	if l.conn.GetState() != connectivity.TransientFailure {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, hurryLimit)
	defer cancel()
	l.conn.ResetConnectBackoff()
	l.conn.WaitForStateChange(ctx, connectivity.TransientFailure)
}

// links gives every new call the connection of the day. A half-open connection still looks well to gRPC until its own
// keepalive gives up, and would swallow every new stream meanwhile; so whoever finds a link dead retires it, the next
// call dials anew, and the old one is closed with its last call.
type links struct {
	dial func() (*grpc.ClientConn, error)

	mu      sync.Mutex
	current *link
	open    map[*link]struct{}
	closed  bool
}

// newLinks dials the first connection, which finds a malformed address.
func newLinks(dial func() (*grpc.ClientConn, error)) (*links, error) {
	l := &links{dial: dial, open: map[*link]struct{}{}}
	_, err := l.get()
	return l, err
}

// acquire counts a call; whoever calls it releases it.
func (l *links) acquire() (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	current, err := l.get()
	if err == nil {
		current.calls++
	}
	return current, err
}

func (l *links) get() (*link, error) {
	if l.closed {
		return nil, errClosed
	}
	if l.current == nil {
		conn, err := l.dial()
		if err != nil {
			return nil, invalidArgument("address", "cannot be dialed: %v", err)
		}
		l.current = &link{conn: conn}
		l.open[l.current] = struct{}{}
	}
	return l.current, nil
}

// release ends a call.
func (l *links) release(used *link) {
	l.mu.Lock()
	used.calls--
	l.mu.Unlock()
	l.closeIfUnused(used)
}

// retire lets no further call begin on a link that is connected and yet dead.
func (l *links) retire(dead *link) {
	if dead.conn.GetState() != connectivity.Ready {
		return
	}
	l.mu.Lock()
	dead.retired = true
	if l.current == dead {
		l.current = nil
	}
	l.mu.Unlock()
}

func (l *links) closeIfUnused(used *link) {
	l.mu.Lock()
	_, isOpen := l.open[used]
	over := isOpen && used.retired && used.calls == 0
	if over {
		delete(l.open, used)
	}
	l.mu.Unlock()
	if over {
		_ = used.conn.Close()
	}
}

// isClosed tells whether close was called.
func (l *links) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close breaks every call.
func (l *links) close() {
	l.mu.Lock()
	l.closed = true
	open := l.open
	l.open = nil
	l.mu.Unlock()
	for each := range open {
		_ = each.conn.Close()
	}
}
