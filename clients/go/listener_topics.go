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
	before := setOf(t.topics)
	inverse := topicsChange{add: inSet(change.remove, before), remove: notInSet(change.add, before)}
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
	change.add = notInSet(t.topics, setOf(openedWith))
	change.remove = notInSet(openedWith, setOf(t.topics))
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
	t.topics = notInSet(t.topics, setOf(change.remove))
	known := setOf(t.topics)
	for _, topic := range change.add {
		if _, ok := known[topic]; !ok {
			known[topic] = struct{}{}
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

func setOf(topics []string) map[string]struct{} {
	set := make(map[string]struct{}, len(topics))
	for _, topic := range topics {
		set[topic] = struct{}{}
	}
	return set
}

func inSet(topics []string, set map[string]struct{}) (found []string) {
	for _, topic := range topics {
		if _, ok := set[topic]; ok {
			found = append(found, topic)
		}
	}
	return found
}

func notInSet(topics []string, set map[string]struct{}) (missing []string) {
	for _, topic := range topics {
		if _, ok := set[topic]; !ok {
			missing = append(missing, topic)
		}
	}
	return missing
}
