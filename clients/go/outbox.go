package atedispatcher

import (
	"context"
	"sync"
)

const (
	// maxCertainBytes is the size of a message that every server accepts. No message is larger until the server has told
	// its limit, unless a single item is.
	maxCertainBytes = 64 << 10
	// maxBatchBytes bounds a batch for a server that accepts it. It is far above what is usually queued.
	maxBatchBytes = 512 << 10
	// maxQueuedBytes is the queue size from which waitForRoom blocks.
	maxQueuedBytes = 1 << 20
)

// outbox queues messages for a stream and writes all queued ones as one batch. It never delays a message to fill a
// batch.
//
// Each item is an encoded batch of one message. Concatenated protobuf encodings decode as one merged message, so
// batches are joined by appending their bytes.
type outbox struct {
	mu     sync.Mutex
	items  [][]byte
	bytes  int
	limit  int // bounds a batch, in bytes
	closed bool
	wake   chan struct{} // holds a token while run may have something to do
	room   chan struct{} // closed when waitForRoom may return; nil if nobody waits
}

func newOutbox() *outbox {
	return &outbox{limit: maxCertainBytes, wake: make(chan struct{}, 1)}
}

// setLimit allows larger batches, because the server accepts messages of this size.
func (o *outbox) setLimit(maxMessageBytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.limit = max(maxCertainBytes, min(maxMessageBytes, maxBatchBytes))
}

// push enqueues an item. It never blocks, and drops the item after close.
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

// waitForRoom returns once fewer than maxQueuedBytes are queued, the outbox is closed, or the context ends.
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

// run writes batches until the outbox is closed or a write fails.
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

// close drops the queue and ends run: the stream has ended.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.items = nil
	o.bytes = 0
	o.releaseWaiters()
	o.signal()
}

// take removes the next batch from the queue; it is nil if the queue is empty.
func (o *outbox) take() (batch []byte, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, true
	}
	count, bytes := 0, 0
	for _, item := range o.items {
		if count > 0 && bytes+len(item) > o.limit {
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
		o.releaseWaiters()
	}
	return batch, false
}

func (o *outbox) releaseWaiters() {
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
