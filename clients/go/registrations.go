package atedispatcher

import (
	"context"
	"slices"
	"strconv"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Registration is a producer's membership in a topic.
type Registration struct {
	// Topic is a topic, or a pattern of topics: * stands for one token, > as the last one for one or more.
	Topic string
	// Group makes the members share the work: one of them is asked per request. Empty: asked always.
	Group string
}

// registrations is what a producer is registered on, across reconnects.
//
// What the server has confirmed goes into the next Hello. What it has not answered is said again after the next
// Welcome, so that a refused topic is a Fault and not the end of the session.
type registrations struct {
	mu      sync.Mutex
	current []Registration
	changes []*registrationChange
	lastID  int
}

type registrationChange struct {
	id      string
	message *dispatcherv1.ProducerMessage
	apply   func()
	done    chan error // buffered
}

// hello is what the next Hello registers.
func (r *registrations) hello() []*dispatcherv1.Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := make([]*dispatcherv1.Registration, 0, len(r.current))
	for _, each := range r.current {
		messages = append(messages, &dispatcherv1.Registration{Topic: each.Topic, Group: each.Group})
	}
	return messages
}

// join notes that a topic is to be joined.
func (r *registrations) join(registration Registration) *registrationChange {
	change := &dispatcherv1.Register{
		Registrations: []*dispatcherv1.Registration{{Topic: registration.Topic, Group: registration.Group}},
	}
	message := &dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Register{Register: change}}
	return r.add(message, &change.CorrelationId, func() { r.set(registration) })
}

// leave notes that a topic is to be left; from now on no Hello registers it.
func (r *registrations) leave(topic string) *registrationChange {
	change := &dispatcherv1.Deregister{Topics: []string{topic}}
	message := &dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Deregister{Deregister: change}}
	r.mu.Lock()
	r.unset(topic)
	r.mu.Unlock()
	return r.add(message, &change.CorrelationId, func() { r.unset(topic) })
}

// wait returns with the server's answer.
func (c *registrationChange) wait(ctx context.Context) error {
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return errorFromCall(ctx.Err())
	}
}

// unanswered is what was said and not answered, in order.
func (r *registrations) unanswered() []*dispatcherv1.ProducerMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := make([]*dispatcherv1.ProducerMessage, 0, len(r.changes))
	for _, change := range r.changes {
		messages = append(messages, change.message)
	}
	return messages
}

// confirmed notes that the server made a change. It may be one that another session asked for.
func (r *registrations) confirmed(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change := r.take(id); change != nil {
		change.apply()
		change.done <- nil
	}
}

// refused notes that the server refused something, and tells whether it was a change.
func (r *registrations) refused(id string, why *Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	change := r.take(id)
	if change == nil {
		return false
	}
	change.done <- why
	return true
}

// applyAll makes all changes without a server: there has been no session yet.
func (r *registrations) applyAll() {
	r.end(nil)
}

// end answers whoever waits: there will be no further session.
func (r *registrations) end(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range r.changes {
		if why == nil {
			change.apply()
		}
		change.done <- why
	}
	r.changes = nil
}

func (r *registrations) add(
	message *dispatcherv1.ProducerMessage, correlationID *string, apply func(),
) *registrationChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastID++
	*correlationID = strconv.Itoa(r.lastID)
	change := &registrationChange{id: *correlationID, message: message, apply: apply, done: make(chan error, 1)}
	r.changes = append(r.changes, change)
	return change
}

func (r *registrations) take(id string) *registrationChange {
	i := slices.IndexFunc(r.changes, func(change *registrationChange) bool { return change.id == id })
	if i < 0 {
		return nil
	}
	change := r.changes[i]
	r.changes = slices.Delete(r.changes, i, i+1)
	return change
}

func (r *registrations) set(registration Registration) {
	r.unset(registration.Topic)
	r.current = append(r.current, registration)
}

func (r *registrations) unset(topic string) {
	r.current = slices.DeleteFunc(r.current, func(each Registration) bool { return each.Topic == topic })
}
