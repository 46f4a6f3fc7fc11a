package atedispatcher

import (
	"slices"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// listenerTopics is what a listener listens to, across reconnects.
type listenerTopics struct {
	mu     sync.Mutex
	wanted []string
	// own are this program's changes whose confirmation is still to come on the present stream. Others' are followed.
	own []topicsChange
}

type topicsChange struct {
	add, remove []string
}

func (t *listenerTopics) current() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.wanted)
}

// want notes what is wanted from now on, and returns how to take that back.
func (t *listenerTopics) want(change topicsChange) (undo func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var inverse topicsChange
	for _, topic := range change.add {
		if !slices.Contains(t.wanted, topic) {
			inverse.remove = append(inverse.remove, topic)
		}
	}
	for _, topic := range change.remove {
		if slices.Contains(t.wanted, topic) {
			inverse.add = append(inverse.add, topic)
		}
	}
	t.apply(change)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.apply(inverse)
	}
}

// streamBegins notes that a session begins with topics.
func (t *listenerTopics) streamBegins() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.own = nil
}

// missing is what has changed since a session began with topics.
func (t *listenerTopics) missing(begunWith []string) (change topicsChange, any bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, topic := range t.wanted {
		if !slices.Contains(begunWith, topic) {
			change.add = append(change.add, topic)
		}
	}
	for _, topic := range begunWith {
		if !slices.Contains(t.wanted, topic) {
			change.remove = append(change.remove, topic)
		}
	}
	return change, len(change.add)+len(change.remove) > 0
}

// asked notes that the server was asked for a change, which it will confirm on the stream.
func (t *listenerTopics) asked(change topicsChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.own = append(t.own, change)
}

// refused notes that it will not.
func (t *listenerTopics) refused(change topicsChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeOwn(change)
}

// changed notes a change that the server made, perhaps at the wish of another program.
func (t *listenerTopics) changed(message *dispatcherv1.TopicsChanged) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change := topicsChange{message.GetAdded(), message.GetRemoved()}
	if !t.takeOwn(change) {
		t.apply(change)
	}
}

func (t *listenerTopics) apply(change topicsChange) {
	t.wanted = slices.DeleteFunc(t.wanted, func(topic string) bool { return slices.Contains(change.remove, topic) })
	for _, topic := range change.add {
		if !slices.Contains(t.wanted, topic) {
			t.wanted = append(t.wanted, topic)
		}
	}
}

func (t *listenerTopics) takeOwn(change topicsChange) bool {
	i := slices.IndexFunc(t.own, func(own topicsChange) bool {
		return slices.Equal(own.add, change.add) && slices.Equal(own.remove, change.remove)
	})
	if i < 0 {
		return false
	}
	t.own = slices.Delete(t.own, i, i+1)
	return true
}
