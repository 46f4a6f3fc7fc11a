package atedispatcher

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	// maxNotifications bounds how many calls of callbacks wait. Beyond it the oldest one is dropped, so that the newest
	// state always arrives; the program gets the number of dropped ones in the log.
	maxNotifications = 4096
	// notificationGrace bounds how long the end of a run waits for callbacks that still run.
	notificationGrace = time.Second
)

// notifier calls the callbacks of one peer, one at a time and in order, on a goroutine of its own. A callback that
// blocks or panics affects only further callbacks.
type notifier struct {
	mu      sync.Mutex
	queue   []func()
	dropped int
	isBusy  bool
	idle    chan struct{} // closed when no callback runs or waits; nil if nobody waits
}

// post enqueues a call of a callback; it never blocks. The call must be contained by the caller, see callback.
func (n *notifier) post(call func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) >= maxNotifications {
		n.queue[0] = nil
		n.queue = n.queue[1:]
		n.dropped++
	}
	n.queue = append(n.queue, call)
	if !n.isBusy {
		n.isBusy = true
		go n.run()
	}
}

// log enqueues a warning for the default logger, whose handler is user code, too.
func (n *notifier) log(message string, args ...any) {
	n.post(func() { slog.Warn(message, args...) })
}

// run makes the calls until the queue is empty.
func (n *notifier) run() {
	for {
		n.mu.Lock()
		dropped := n.dropped
		n.dropped = 0
		if len(n.queue) == 0 {
			n.isBusy = false
			if n.idle != nil {
				close(n.idle)
				n.idle = nil
			}
			n.mu.Unlock()
			return
		}
		next := n.queue[0]
		n.queue[0] = nil
		n.queue = n.queue[1:]
		n.mu.Unlock()
		if dropped > 0 {
			contain(func() { slog.Warn("ate-dispatcher: callbacks are too slow", "dropped", dropped) })
		}
		contain(next)
	}
}

// waitIdle waits until no callback runs or waits, for at most notificationGrace.
func (n *notifier) waitIdle() {
	n.mu.Lock()
	if !n.isBusy {
		n.mu.Unlock()
		return
	}
	if n.idle == nil {
		n.idle = make(chan struct{})
	}
	idle := n.idle
	n.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(notificationGrace):
	}
}

// callbackFailure is the error of a callback that panicked, or ended its goroutine if panicked is nil.
func callbackFailure(name string, panicked any) *Error {
	message := name + " ended its goroutine"
	if panicked != nil {
		message = fmt.Sprintf("%s panicked: %s", name, panicText(panicked))
	}
	return &Error{Code: codes.Unknown, Reason: "CALLBACK_FAILED", Message: message}
}
