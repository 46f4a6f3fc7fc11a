package atedispatcher

import (
	"slices"
	"sync"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// listenerTopics holds the topics of a listener across reconnects.
type listenerTopics struct {
	mu     sync.Mutex
	topics []string
	// unconfirmed are the changes that this listener requested and the current stream has not confirmed. They are
	// already in topics, so their confirmation changes nothing; any other change is another program's and is applied.
	unconfirmed []topicsChange
}

type topicsChange struct {
	add, remove []string
}

func (t *listenerTopics) current() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.topics)
}

// apply changes the topics and returns a function that reverts the change.
func (t *listenerTopics) apply(change topicsChange) (undo func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var inverse topicsChange
	for _, topic := range change.add {
		if !slices.Contains(t.topics, topic) {
			inverse.remove = append(inverse.remove, topic)
		}
	}
	for _, topic := range change.remove {
		if slices.Contains(t.topics, topic) {
			inverse.add = append(inverse.add, topic)
		}
	}
	t.applyLocked(change)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.applyLocked(inverse)
	}
}

// beginStream forgets the unconfirmed changes: their confirmations do not arrive on a new stream.
func (t *listenerTopics) beginStream() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unconfirmed = nil
}

// changesSince returns the difference between the topics of an earlier moment and the current ones; ok is false if
// there is none.
func (t *listenerTopics) changesSince(openedWith []string) (change topicsChange, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, topic := range t.topics {
		if !slices.Contains(openedWith, topic) {
			change.add = append(change.add, topic)
		}
	}
	for _, topic := range openedWith {
		if !slices.Contains(t.topics, topic) {
			change.remove = append(change.remove, topic)
		}
	}
	return change, len(change.add)+len(change.remove) > 0
}

// requested records a change that was requested from the server, which confirms it on the stream.
func (t *listenerTopics) requested(change topicsChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unconfirmed = append(t.unconfirmed, change)
}

// rejected removes a requested change: the server will not confirm it.
func (t *listenerTopics) rejected(change topicsChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.removeUnconfirmed(change)
}

// changedByServer applies a change that the stream reports, unless this listener requested it.
func (t *listenerTopics) changedByServer(message *dispatcherv1.TopicsChanged) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change := topicsChange{message.GetAdded(), message.GetRemoved()}
	if !t.removeUnconfirmed(change) {
		t.applyLocked(change)
	}
}

func (t *listenerTopics) applyLocked(change topicsChange) {
	t.topics = slices.DeleteFunc(t.topics, func(topic string) bool { return slices.Contains(change.remove, topic) })
	for _, topic := range change.add {
		if !slices.Contains(t.topics, topic) {
			t.topics = append(t.topics, topic)
		}
	}
}

// removeUnconfirmed removes a requested change and reports whether there was one. The caller holds the lock.
func (t *listenerTopics) removeUnconfirmed(change topicsChange) bool {
	i := slices.IndexFunc(t.unconfirmed, func(own topicsChange) bool {
		return slices.Equal(own.add, change.add) && slices.Equal(own.remove, change.remove)
	})
	if i < 0 {
		return false
	}
	t.unconfirmed = slices.Delete(t.unconfirmed, i, i+1)
	return true
}
