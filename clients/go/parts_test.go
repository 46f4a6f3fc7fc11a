package atedispatcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

func TestPatterns(t *testing.T) {
	for _, valid := range []string{"a", "a.b-c._9", "*", ">", "a.*.c", "a.>",
		strings.Repeat("a.", 127) + "a", strings.Repeat("a.", 15) + "*", strings.Repeat("*.", 4) + ">"} {
		if !isPattern(valid) {
			t.Errorf("%q is no pattern", valid)
		}
	}
	for _, malformed := range []string{"", ".", "a.", ".a", "a..b", "a b", "ä", "a.>.b", ">>", "a*", strings.Repeat("a", 256),
		strings.Repeat("a.", 16) + "*", strings.Repeat("*.", 16) + "a", strings.Repeat("a.", 16) + ">", "*.*.*.*.*",
		strings.Repeat("*.", 5) + ">"} {
		if isPattern(malformed) {
			t.Errorf("%q is a pattern", malformed)
		}
	}
	for _, c := range []struct {
		pattern, topic string
		want           bool
	}{
		{"a.b", "a.b", true}, {"a.b", "a.c", false}, {"a", "a.b", false}, {"a.b", "a", false},
		{"*", "a", true}, {"*", "a.b", false}, {"a.*", "a.b", true}, {"a.*", "a", false}, {"*.b", "a.b", true},
		{"*.b", "a.c", false}, {">", "a.b.c", true}, {"a.>", "a.b.c", true}, {"a.>", "a", false}, {"b.>", "a.b", false},
	} {
		if got := matches(c.pattern, c.topic); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.topic, got)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := newBackoff(Reconnect{}.withDefaults())
	b.random = func() float64 { return 0.5 }
	var got []time.Duration
	for range 12 {
		got = append(got, b.next())
	}
	if got[0] != 100*time.Millisecond || got[1] != 160*time.Millisecond || got[11] != 10*time.Second || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
	b.reset()
	b.random = func() float64 { return 1 }
	if next := b.next(); next != 120*time.Millisecond {
		t.Errorf("got %v", next)
	}
	long := newBackoff(Reconnect{InitialDelay: 1<<63 - 2, MaxDelay: 1<<63 - 1}.withDefaults())
	long.random = func() float64 { return 1 }
	for range 3 {
		if next := long.next(); next < 1<<62 {
			t.Errorf("got %v", next)
		}
	}
	exact := newBackoff(Reconnect{InitialDelay: time.Second, Jitter: -1}.withDefaults())
	if next := exact.next(); next != time.Second {
		t.Errorf("got %v", next)
	}
}

func at(topic, epoch string, sequence uint64) []*dispatcherv1.Cursor {
	return []*dispatcherv1.Cursor{{Topic: topic, Epoch: epoch, Sequence: sequence}}
}

func resumeText(c *cursors) string {
	var all []string
	for _, point := range c.resumePoints() {
		all = append(all, fmt.Sprintf("%s %s %d", point.GetTopic(), point.GetEpoch(), point.GetSequence()))
	}
	return strings.Join(all, ", ")
}

func TestCursorsResumeWithoutRepetition(t *testing.T) {
	c := newCursors()
	c.beginStream(at("t", "e1", 5))
	for sequence := uint64(6); sequence <= 8; sequence++ {
		if !c.accept("t", sequence) {
			t.Errorf("%d is new", sequence)
		}
	}
	if got := resumeText(c); got != "t e1 8" {
		t.Errorf("resumes from %s", got)
	}
	c.beginStream(at("t", "e1", 8))
	if !c.accept("t", 9) || resumeText(c) != "t e1 9" {
		t.Errorf("resumes from %s", resumeText(c))
	}
	for range 2 {
		if !c.accept("t", 0) {
			t.Error("results without a position are always new")
		}
	}
}

func TestCursorsStartOverInANewEpoch(t *testing.T) {
	c := newCursors()
	c.beginStream(at("t", "e1", 100))
	c.resumePoints()
	c.beginStream(at("t", "e2", 3))
	c.epochChanged("t")
	if !c.accept("t", 4) || resumeText(c) != "t e2 4" {
		t.Errorf("resumes from %s", resumeText(c))
	}
	// The server has forgotten the topic and reports no cursor for it.
	c.beginStream(nil)
	c.epochChanged("t")
	if !c.accept("t", 1) || resumeText(c) != "t  1" {
		t.Errorf("resumes from %s", resumeText(c))
	}
	// A sequence that falls on one stream starts a new epoch, too.
	c.advance(at("t", "e3", 7))
	if !c.accept("t", 2) || resumeText(c) != "t  2" {
		t.Errorf("resumes from %s", resumeText(c))
	}
}

func TestCursorsAcceptReplayedResultsOnce(t *testing.T) {
	c := newCursors()
	c.beginStream(at("t", "e1", 0))
	c.accept("t", 1)
	c.accept("t", 2)
	c.resumePoints()
	// This server replays from an earlier sequence than requested.
	c.beginStream(nil)
	if c.accept("t", 3) != true || c.accept("t", 4) != true {
		t.Error("3 and 4 are new")
	}
}

func TestCursorsAreBounded(t *testing.T) {
	c := newCursors()
	for i := range maxCursors + 10 {
		c.accept(fmt.Sprintf("%s-%d", strings.Repeat("x", 200), i), 1)
	}
	if len(c.positions) != maxCursors || c.recent.Len() != maxCursors {
		t.Errorf("%d positions", len(c.positions))
	}
	if points := c.resumePoints(); len(points) != maxCursors || points[0].GetTopic() != strings.Repeat("x", 200)+"-10009" {
		t.Errorf("resumes %d topics, first %v", len(points), points[0])
	}
	c.retain([]string{"y"})
	if len(c.positions) != 0 {
		t.Errorf("%d positions are retained", len(c.positions))
	}
}

func TestTheOutboxBatchesAndBlocksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		for range 3 {
			o.push([]byte("abc"))
		}
		o.push(make([]byte, maxBatchBytes))
		var sizes []int
		proceed := make(chan struct{})
		go o.run(func(batch []byte) error {
			sizes = append(sizes, len(batch))
			<-proceed
			return nil
		})
		synctest.Wait()
		o.push(make([]byte, maxQueuedBytes))
		waited := false
		go func() {
			o.waitForRoom(t.Context())
			waited = true
		}()
		synctest.Wait()
		if waited {
			t.Error("waitForRoom returned although the outbox was full")
		}
		close(proceed)
		synctest.Wait()
		if !waited || !slices.Equal(sizes, []int{9, maxBatchBytes, maxQueuedBytes}) {
			t.Errorf("waited %v, wrote %v", waited, sizes)
		}
		o.close()
		o.push([]byte("dropped"))
		o.waitForRoom(t.Context())
	})
}

func TestWaitingForRoomEndsWithTheContext(t *testing.T) {
	o := newOutbox()
	o.push(make([]byte, maxQueuedBytes))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.waitForRoom(ctx)
}

func TestASharedFeedThatIsNotReadFails(t *testing.T) {
	feed := newSharedFeed(t.Context())
	defer feed.close()
	for range maxFeedEvents + 1 {
		feed.push(event{number: eventDelivery})
	}
	for i := range maxFeedEvents {
		if _, err := feed.next(); err != nil {
			t.Fatalf("result %d: %v", i, err)
		}
	}
	if _, err := feed.next(); !errors.Is(err, ErrResourceExhausted) {
		t.Errorf("got %v", err)
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("wrapped: %w", &Error{Code: codes.Unavailable, Reason: "SHUTTING_DOWN", Message: "later", cause: cause})
	for target, want := range map[error]bool{
		ErrShuttingDown: true, ErrUnavailable: true, cause: true,
		ErrNoProducers: false, ErrResourceExhausted: false, context.Canceled: false, ErrProducerFailed: false,
	} {
		if errors.Is(err, target) != want {
			t.Errorf("is %v: %v", target, !want)
		}
	}
	for want, e := range map[string]*Error{
		"SHUTTING_DOWN: later": {Code: codes.Unavailable, Reason: "SHUTTING_DOWN", Message: "later"},
		"NOT_FOUND: gone":      {Code: codes.NotFound, Message: "gone"},
		"CANCELLED":            {Code: codes.Canceled},
	} {
		if e.Error() != want {
			t.Errorf("got %s, want %s", e.Error(), want)
		}
	}
	long := failureStatus(errors.New(strings.Repeat("ä", 10_000)))
	if utf8.RuneCountInString(long.GetMessage()) != maxErrorRunes || !strings.HasSuffix(long.GetMessage(), cutMark) {
		t.Errorf("got %.100q", long.GetMessage())
	}
	for text, want := range map[string]string{"": "", "äöü": "äöü", "12345678": "12345678", "123456789": "12345...", "\xff\xff": "\uFFFD"} {
		if got := boundedText(text, 8); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
	if failureStatus(&Error{}).GetCode() != int32(codes.Unknown) {
		t.Error("a failure cannot be OK")
	}
}

func TestRegistrationsAcrossSessions(t *testing.T) {
	var r registrations
	r.set(Registration{Topic: "a"})
	registered := r.register(Registration{Topic: "b", Group: "g"})
	rejected := r.register(Registration{Topic: "c"})
	deregistered := r.deregister("a")
	if got := r.confirmedTopics(); len(got) != 0 {
		t.Errorf("confirmed topics: %v", got)
	}
	if got := r.unanswered(); len(got) != 3 {
		t.Errorf("%d are unanswered", len(got))
	}
	r.confirmed(registered.id)
	r.confirmed(deregistered.id)
	r.confirmed("unknown")
	if !r.rejected(rejected.id, errClosed) || r.rejected("unknown", errClosed) {
		t.Error("one was refused")
	}
	if err := errors.Join(registered.wait(t.Context()), deregistered.wait(t.Context())); err != nil {
		t.Error(err)
	}
	if err := rejected.wait(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if got := r.confirmedTopics(); len(got) != 1 || got[0].GetTopic() != "b" || got[0].GetGroup() != "g" {
		t.Errorf("confirmed topics: %v", got)
	}
}

func TestCallbacksRunInOrderAndTheOldestIsDroppedWhenTheyBlock(t *testing.T) {
	var n notifier
	blocked, started := make(chan struct{}), make(chan struct{})
	n.post(func() {
		close(started)
		<-blocked
	})
	<-started
	var got []int
	for i := range maxNotifications + 2 {
		n.post(func() { got = append(got, i) })
	}
	close(blocked)
	n.waitIdle()
	if len(got) != maxNotifications || got[0] != 2 || !slices.IsSorted(got) {
		t.Errorf("%d calls from %d on", len(got), got[0])
	}
}

func TestEveryPartOfASplitMessageIsSmallAndNothingIsLost(t *testing.T) {
	topics := make([]string, 3_000)
	cursors := make([]*dispatcherv1.Cursor, 2_000)
	registrations := make([]*dispatcherv1.Registration, len(topics))
	for i := range topics {
		topics[i] = fmt.Sprintf("%s-%d", strings.Repeat("x", i%200), i)
		registrations[i] = &dispatcherv1.Registration{Topic: topics[i], Group: "g"}
	}
	for i := range cursors {
		cursors[i] = &dispatcherv1.Cursor{Topic: topics[i], Epoch: "epoch", Sequence: 1 << 60}
	}
	small := func(message proto.Message) {
		t.Helper()
		if size := proto.Size(message); size > maxCertainBytes {
			t.Errorf("a part has %d bytes", size)
		}
	}

	listen := &dispatcherv1.ListenRequest{ListenerId: "me", Topics: topics, ResumeFrom: cursors}
	updates, err := splitListen(listen)
	if err != nil {
		t.Fatal(err)
	}
	small(&dispatcherv1.SubscribeRequest{Message: &dispatcherv1.SubscribeRequest_Listen{Listen: listen}})
	gotTopics, gotCursors, follows := listen.GetTopics(), listen.GetResumeFrom(), listen.GetCursorsFollow()
	for _, update := range updates {
		small(&dispatcherv1.SubscribeRequest{Message: &dispatcherv1.SubscribeRequest_Update{Update: update}})
		if !follows {
			t.Error("a part follows the last one")
		}
		follows = update.GetCursorsFollow()
		gotTopics = append(gotTopics, update.GetAddTopics()...)
		gotCursors = append(gotCursors, update.GetResumeFrom()...)
	}
	if follows || !slices.Equal(gotTopics, topics) || !slices.Equal(gotCursors, cursors) {
		t.Errorf("%d topics, %d cursors", len(gotTopics), len(gotCursors))
	}

	hello := &dispatcherv1.Hello{ProducerId: "me", Registrations: registrations}
	parts, err := splitHello(hello)
	if err != nil {
		t.Fatal(err)
	}
	small(hello)
	gotRegistrations := hello.GetRegistrations()
	for _, part := range parts {
		small(&dispatcherv1.ProduceRequest{Messages: []*dispatcherv1.ProducerMessage{{Message: &dispatcherv1.ProducerMessage_Register{
			Register: &dispatcherv1.Register{CorrelationId: "hello-1000", Registrations: part},
		}}}})
		gotRegistrations = append(gotRegistrations, part...)
	}
	if !slices.Equal(gotRegistrations, registrations) {
		t.Errorf("%d registrations", len(gotRegistrations))
	}

	var added, removed []string
	for _, part := range splitChange(topicsChange{add: topics, remove: topics}) {
		small(&dispatcherv1.UpdateListenerRequest{ListenerId: strings.Repeat("x", maxIDBytes), AddTopics: part.add, RemoveTopics: part.remove})
		added, removed = append(added, part.add...), append(removed, part.remove...)
	}
	if !slices.Equal(added, topics) || !slices.Equal(removed, topics) {
		t.Errorf("%d added, %d removed", len(added), len(removed))
	}
}

func TestAHeartbeatIntervalOfYearsIsNoShortSilence(t *testing.T) {
	for _, interval := range []time.Duration{1<<63 - 1, 1 << 62, 1<<62 - 1} {
		if silence := maxSilenceFor(interval); silence < interval {
			t.Errorf("%v allows a silence of %v", interval, silence)
		}
	}
}
