package atedispatcher

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// Registration is a producer's membership in a topic.
type Registration struct {
	// Topic is a topic, or a pattern of topics: * stands for one token, > as the last one for one or more.
	Topic string
	// Group makes its members share the requests: each request goes to one of them. Empty: every request on the topic.
	Group string
}

// registrations holds the topics of a producer across reconnects.
//
// Confirmed registrations go into the next Hello. Unanswered changes are sent again after the next Welcome instead: a
// topic that the server rejects there is a Fault, whereas in Hello it would end the session.
type registrations struct {
	mu      sync.Mutex
	current []Registration
	topics  map[string]struct{} // of current
	changes []*registrationChange
	lastID  int
	endErr  error // why no further session follows; nil while one may
}

// registrationChange is a Register or Deregister message that the server has not answered.
type registrationChange struct {
	id      string // correlation id
	message *dispatcherv1.ProducerMessage
	apply   func()
	done    chan error // buffered
}

// check adds the first registration that can never fit into a message.
func (r *registrations) check(found *violations) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, each := range r.current {
		before := len(*found)
		found.size(fmt.Sprintf("registrations[%d].topic", i), each.Topic, maxTopicBytes)
		found.size(fmt.Sprintf("registrations[%d].group", i), each.Group, maxIDBytes)
		if len(*found) > before {
			return
		}
	}
}

// confirmedTopics returns the registrations for the next Hello.
func (r *registrations) confirmedTopics() []*dispatcherv1.Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := make([]*dispatcherv1.Registration, 0, len(r.current))
	for _, each := range r.current {
		messages = append(messages, &dispatcherv1.Registration{Topic: each.Topic, Group: each.Group})
	}
	return messages
}

// register adds a change that registers a topic once the server has confirmed it.
func (r *registrations) register(registration Registration) *registrationChange {
	change := &dispatcherv1.Register{
		Registrations: []*dispatcherv1.Registration{{Topic: registration.Topic, Group: registration.Group}},
	}
	message := &dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Register{Register: change}}
	return r.add(message, &change.CorrelationId, func() { r.set(registration) })
}

// deregister adds a change that deregisters a topic. The next Hello already omits the topic.
func (r *registrations) deregister(topic string) *registrationChange {
	change := &dispatcherv1.Deregister{Topics: []string{topic}}
	message := &dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Deregister{Deregister: change}}
	r.mu.Lock()
	r.unset(topic)
	r.mu.Unlock()
	return r.add(message, &change.CorrelationId, func() { r.unset(topic) })
}

// wait returns the server's answer: nil if it confirmed the change.
func (c *registrationChange) wait(ctx context.Context) error {
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return errorFromCall(ctx.Err())
	}
}

// unanswered returns the messages that the server has not answered, in the order in which they were added.
func (r *registrations) unanswered() []*dispatcherv1.ProducerMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := make([]*dispatcherv1.ProducerMessage, 0, len(r.changes))
	for _, change := range r.changes {
		messages = append(messages, change.message)
	}
	return messages
}

// confirmed applies a change that the server confirmed. It ignores unknown correlation ids.
func (r *registrations) confirmed(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change := r.remove(id); change != nil {
		change.apply()
		change.done <- nil
	}
}

// rejected ends a change with an error and reports whether the correlation id was one of a change.
func (r *registrations) rejected(id string, reason *Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	change := r.remove(id)
	if change == nil {
		return false
	}
	change.done <- reason
	return true
}

// applyAll applies all changes locally. It is for changes before the first session, which begins with them.
func (r *registrations) applyAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range r.changes {
		change.apply()
		change.done <- nil
	}
	r.changes = nil
}

// end ends all changes, and every later one, because no further session follows.
func (r *registrations) end(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endErr = reason
	for _, change := range r.changes {
		change.done <- reason
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
	if r.endErr != nil {
		change.done <- r.endErr
		return change
	}
	r.changes = append(r.changes, change)
	return change
}

func (r *registrations) remove(id string) *registrationChange {
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
	if r.topics == nil {
		r.topics = map[string]struct{}{}
	}
	r.topics[registration.Topic] = struct{}{}
	r.current = append(r.current, registration)
}

func (r *registrations) unset(topic string) {
	if _, ok := r.topics[topic]; !ok {
		return
	}
	delete(r.topics, topic)
	r.current = slices.DeleteFunc(r.current, func(each Registration) bool { return each.Topic == topic })
}
