package atedispatcher

import (
	"context"
	"sync"
)

const (
	// maxBatchBytes is how much goes into one message at most, unless one item alone is larger: far above what is
	// queued at a time, and below the message limit of any server.
	maxBatchBytes = 512 << 10
	// maxQueuedBytes is how much waits for a congested stream before those who produce it have to wait, too.
	maxQueuedBytes = 1 << 20
)

// outbox holds what waits to be written to a stream. What is queued leaves as one message; nothing ever waits to fill
// one. An item is an encoded batch of one: protobuf messages that are joined are merged, so batches are joined by
// appending.
type outbox struct {
	mu     sync.Mutex
	items  [][]byte
	bytes  int
	closed bool
	wake   chan struct{} // holds a token while there may be something to do
	room   chan struct{} // closed when there is room again; nil if nobody waits
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1)}
}

// push adds an item, in order. After close it is dropped.
func (o *outbox) push(item []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.items = append(o.items, item)
	o.bytes += len(item)
	o.signal()
}

// waitForRoom returns once not much is queued, the outbox is closed, or the context ends.
func (o *outbox) waitForRoom(ctx context.Context) {
	for {
		o.mu.Lock()
		if o.closed || o.bytes < maxQueuedBytes {
			o.mu.Unlock()
			return
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
	}
}

// run writes what is queued until the outbox is closed or a write fails.
func (o *outbox) run(write func([]byte) error) {
	for range o.wake {
		for {
			batch, closed := o.take()
			if closed {
				return
			}
			if batch == nil {
				break
			}
			if write(batch) != nil {
				return
			}
		}
	}
}

// close drops what is queued: the stream is gone.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.items = nil
	o.bytes = 0
	o.giveRoom()
	o.signal()
}

func (o *outbox) take() (batch []byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, true
	}
	count, bytes := 0, 0
	for _, item := range o.items {
		if count > 0 && bytes+len(item) > maxBatchBytes {
			break
		}
		count++
		bytes += len(item)
	}
	if count == 0 {
		return nil, false
	}
	batch = o.items[0]
	if count > 1 {
		batch = make([]byte, 0, bytes)
		for _, item := range o.items[:count] {
			batch = append(batch, item...)
		}
	}
	clear(o.items[:count])
	o.items = o.items[count:]
	o.bytes -= bytes
	if o.bytes < maxQueuedBytes {
		o.giveRoom()
	}
	return batch, false
}

func (o *outbox) giveRoom() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
