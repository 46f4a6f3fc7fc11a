package atedispatcher

import (
	"container/list"
	"slices"
	"strings"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

const (
	// maxCursors bounds how many topics have a position. Beyond it, the topic without a delivery for the longest time
	// is evicted: it no longer resumes.
	maxCursors = 10_000
)

// position is how far a listener has read one topic.
type position struct {
	topic string
	// epoch identifies the numbering of the sequences; empty while the server has not announced it. The server
	// answers an empty epoch in a ListenRequest with a gap.
	epoch string
	// accepted is the highest sequence that was handed to the caller, on any stream.
	accepted uint64
	// received is the highest sequence on the current stream, which sends only higher ones within the epoch.
	received uint64
	// isUnconfirmed is true while the current stream was asked to resume here and has not confirmed it.
	isUnconfirmed bool
}

// cursors holds a position for each topic: it decides which deliveries are new, and where to resume after a reconnect.
//
// On one stream, the sequences of a topic only rise within an epoch. So a sequence that does not rise starts a new
// epoch, and one that rises but was accepted from an earlier stream is a duplicate.
type cursors struct {
	positions map[string]*list.Element
	// recent holds the positions, most recent delivery first.
	recent list.List
}

func newCursors() *cursors {
	return &cursors{positions: map[string]*list.Element{}}
}

// resumePoints returns the cursors for a ListenRequest, most recent topics first.
func (c *cursors) resumePoints() []*dispatcherv1.Cursor {
	var points []*dispatcherv1.Cursor
	for element := c.recent.Front(); element != nil; element = element.Next() {
		p := element.Value.(*position)
		p.isUnconfirmed = true
		points = append(points, &dispatcherv1.Cursor{Topic: p.topic, Epoch: p.epoch, Sequence: p.accepted})
	}
	return points
}

// beginStream applies the cursors at which a new stream starts.
func (c *cursors) beginStream(starts []*dispatcherv1.Cursor) {
	for element := c.recent.Front(); element != nil; element = element.Next() {
		p := element.Value.(*position)
		p.received = p.accepted
	}
	for _, start := range starts {
		p := c.find(start.GetTopic())
		if p == nil {
			continue
		}
		if p.epoch == start.GetEpoch() && p.accepted <= start.GetSequence() {
			p.received = start.GetSequence()
		} else {
			c.forget(p.topic)
		}
	}
	c.advance(starts)
}

// advance applies cursors reported by the server: no delivery at or below them follows.
func (c *cursors) advance(reported []*dispatcherv1.Cursor) {
	for _, cursor := range reported {
		topic, epoch, sequence := cursor.GetTopic(), cursor.GetEpoch(), cursor.GetSequence()
		p := c.find(topic)
		if p == nil || p.epoch != epoch && p.epoch != "" {
			c.remember(position{topic: topic, epoch: epoch, accepted: sequence, received: sequence})
			continue
		}
		p.epoch = epoch
		p.isUnconfirmed = false
		p.accepted = max(p.accepted, sequence)
		p.received = max(p.received, sequence)
	}
}

// accept reports whether a delivery is new, and advances the position of its topic. A delivery without a sequence (0)
// is always new.
func (c *cursors) accept(topic string, sequence uint64) bool {
	if sequence == 0 {
		return true
	}
	p := c.find(topic)
	if p == nil {
		c.remember(position{topic: topic, accepted: sequence, received: sequence})
		return true
	}
	c.recent.MoveToFront(c.positions[topic])
	if sequence <= p.received {
		p.epoch = ""
		p.accepted = 0
	}
	p.received = sequence
	if sequence <= p.accepted {
		return false
	}
	p.accepted = sequence
	return true
}

// skip advances a topic past lost deliveries, up to and including a sequence.
func (c *cursors) skip(topic string, upTo uint64) {
	p := c.find(topic)
	if p == nil {
		c.remember(position{topic: topic, accepted: upTo, received: upTo})
		return
	}
	p.accepted = max(p.accepted, upTo)
}

// epochChanged drops a position of an earlier epoch. A confirmed position stays: the server has already reported where
// the new epoch stands.
func (c *cursors) epochChanged(topic string) {
	if p := c.find(topic); p != nil && p.isUnconfirmed {
		c.forget(topic)
	}
}

// retain drops the positions of topics that no pattern matches.
func (c *cursors) retain(patterns []string) {
	exact := make(map[string]struct{}, len(patterns))
	var wildcards []string
	for _, pattern := range patterns {
		if strings.ContainsAny(pattern, "*>") {
			wildcards = append(wildcards, pattern)
		} else {
			exact[pattern] = struct{}{}
		}
	}
	for topic := range c.positions {
		if _, ok := exact[topic]; ok {
			continue
		}
		if !slices.ContainsFunc(wildcards, func(pattern string) bool { return matches(pattern, topic) }) {
			c.forget(topic)
		}
	}
}

func (c *cursors) find(topic string) *position {
	if element, ok := c.positions[topic]; ok {
		return element.Value.(*position)
	}
	return nil
}

func (c *cursors) remember(p position) {
	c.forget(p.topic)
	if len(c.positions) >= maxCursors {
		c.forget(c.recent.Back().Value.(*position).topic)
	}
	c.positions[p.topic] = c.recent.PushFront(&p)
}

func (c *cursors) forget(topic string) {
	if element, ok := c.positions[topic]; ok {
		c.recent.Remove(element)
		delete(c.positions, topic)
	}
}
