package atedispatcher

import (
	"container/list"
	"slices"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

const (
	// maxCursors is how many topics are remembered; beyond it the longest silent are forgotten.
	maxCursors = 10_000
	// maxCursorBytes keeps the request that resumes below the message limit of any server.
	maxCursorBytes = 512 << 10
	// cursorOverhead is what a cursor takes on the wire beside its topic and epoch, in bytes.
	cursorOverhead = 24
)

// position is where a listener stands in one topic.
type position struct {
	topic string
	// epoch is the run of the numbering; empty while the server has not said, which it answers with a gap.
	epoch string
	// taken is the highest position that was taken, on whatever stream.
	taken uint64
	// passed is where the present stream is: in this epoch nothing at or below comes on it any more.
	passed uint64
	// isClaim tells that this is only what we resumed from, and the present stream has not confirmed it.
	isClaim bool
}

// cursors is where a listener stands in each topic: it decides what is new, and where to resume after a reconnect. On
// one stream positions only rise, so one that falls begins a new epoch; one that another stream brought already is a
// repetition.
type cursors struct {
	positions map[string]*list.Element
	// recent holds the positions, the one that moved last in front.
	recent list.List
}

func newCursors() *cursors {
	return &cursors{positions: map[string]*list.Element{}}
}

// claim is where to resume on a new stream.
func (c *cursors) claim() []*dispatcherv1.Cursor {
	var claims []*dispatcherv1.Cursor
	bytes := 0
	for element := c.recent.Front(); element != nil; element = element.Next() {
		p := element.Value.(*position)
		bytes += len(p.topic) + len(p.epoch) + cursorOverhead
		if bytes > maxCursorBytes {
			break
		}
		p.isClaim = true
		claims = append(claims, &dispatcherv1.Cursor{Topic: p.topic, Epoch: p.epoch, Sequence: p.taken})
	}
	return claims
}

// streamBegins notes where topics begin on a new stream.
func (c *cursors) streamBegins(begins []*dispatcherv1.Cursor) {
	for element := c.recent.Front(); element != nil; element = element.Next() {
		p := element.Value.(*position)
		p.passed = p.taken
	}
	for _, begin := range begins {
		p := c.find(begin.GetTopic())
		if p == nil {
			continue
		}
		if p.epoch == begin.GetEpoch() && p.taken <= begin.GetSequence() {
			p.passed = begin.GetSequence()
		} else {
			c.forget(p.topic)
		}
	}
	c.advance(begins)
}

// advance notes where topics stand: nothing at or below will still arrive.
func (c *cursors) advance(stands []*dispatcherv1.Cursor) {
	for _, stand := range stands {
		topic, epoch, sequence := stand.GetTopic(), stand.GetEpoch(), stand.GetSequence()
		p := c.find(topic)
		if p == nil || p.epoch != epoch && p.epoch != "" {
			c.remember(position{topic: topic, epoch: epoch, taken: sequence, passed: sequence})
			continue
		}
		p.epoch = epoch
		p.isClaim = false
		p.taken = max(p.taken, sequence)
		p.passed = max(p.passed, sequence)
	}
}

// take tells whether a delivery is new, and if so takes it. Those without a position are always new.
func (c *cursors) take(topic string, sequence uint64) bool {
	if sequence == 0 {
		return true
	}
	p := c.find(topic)
	if p == nil {
		c.remember(position{topic: topic, taken: sequence, passed: sequence})
		return true
	}
	c.recent.MoveToFront(c.positions[topic])
	if sequence <= p.passed {
		p.epoch = ""
		p.taken = 0
	}
	p.passed = sequence
	if sequence <= p.taken {
		return false
	}
	p.taken = sequence
	return true
}

// skip notes that deliveries up to a position are lost.
func (c *cursors) skip(topic string, upTo uint64) {
	p := c.find(topic)
	if p == nil {
		c.remember(position{topic: topic, taken: upTo, passed: upTo})
		return
	}
	p.taken = max(p.taken, upTo)
}

// epochChanged notes that what we resumed from is of an earlier epoch. The server may have said before where the new
// one stands.
func (c *cursors) epochChanged(topic string) {
	if p := c.find(topic); p != nil && p.isClaim {
		c.forget(topic)
	}
}

// retain forgets topics that none of the patterns covers.
func (c *cursors) retain(patterns []string) {
	for topic := range c.positions {
		if !slices.ContainsFunc(patterns, func(pattern string) bool { return covers(pattern, topic) }) {
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
