package atedispatcher

import (
	"context"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// updateTimeout bounds the call that applies the topic changes made while a session was being opened.
const updateTimeout = 10 * time.Second

// runSession runs one session. It returns nil if accept returned false.
func (l *Listener) runSession(ctx context.Context, accept func(context.Context, *Delivery) bool) error {
	topics := l.topics.current()
	l.topics.beginStream()
	method, messages, err := l.opening(topics)
	if err != nil {
		return err
	}
	stream, release, err := l.supervisor.open(ctx, method)
	if err != nil {
		return err
	}
	defer release()
	stream.sendAll(messages)
	for {
		batch, err := stream.recv()
		if err == io.EOF {
			return endedByServer()
		}
		if err != nil {
			return err
		}
		events, err := readBatch(batch)
		if err != nil {
			return err
		}
		for _, event := range events {
			// Close ends the context on another goroutine.
			if ctx.Err() != nil || l.open.Err() != nil {
				return nil
			}
			if event.number == eventDelivery {
				delivery, err := readDelivery(event.body)
				if err != nil {
					return err
				}
				if l.cursors.accept(delivery.Topic, delivery.Sequence) && !accept(ctx, delivery) {
					return nil
				}
			} else if err := l.handle(ctx, stream, topics, event); err != nil {
				return err
			}
		}
	}
}

// opening returns the method of a session and the messages that open it: one on Listen, or several on Subscribe if the
// topics and cursors do not fit into one.
func (l *Listener) opening(topics []string) (method string, messages [][]byte, err error) {
	request := l.request(topics)
	rest, err := splitListen(request)
	if err != nil {
		return "", nil, err
	}
	if len(rest) == 0 {
		encoded, err := proto.Marshal(request)
		if err != nil {
			return "", nil, invalidArgument("listener", "cannot be encoded: %v", err)
		}
		return dispatcherv1.DispatcherService_Listen_FullMethodName, [][]byte{encoded}, nil
	}
	parts := []*dispatcherv1.SubscribeRequest{{Message: &dispatcherv1.SubscribeRequest_Listen{Listen: request}}}
	for _, update := range rest {
		parts = append(parts, &dispatcherv1.SubscribeRequest{Message: &dispatcherv1.SubscribeRequest_Update{Update: update}})
	}
	for _, part := range parts {
		encoded, err := proto.Marshal(part)
		if err != nil {
			return "", nil, invalidArgument("listener", "cannot be encoded: %v", err)
		}
		messages = append(messages, encoded)
	}
	return dispatcherv1.DispatcherService_Subscribe_FullMethodName, messages, nil
}

// handle applies an event other than a delivery.
func (l *Listener) handle(ctx context.Context, stream *stream, openedWith []string, event event) error {
	switch event.number {
	case eventSummary:
		var message dispatcherv1.Summary
		if err := event.read(&message); err != nil {
			return err
		}
		if l.options.OnSummary != nil {
			l.supervisor.callback("OnSummary", func() { l.options.OnSummary(summaryOf(&message)) })
		}
	case eventHeartbeat:
		var message dispatcherv1.Heartbeat
		if err := event.read(&message); err != nil {
			return err
		}
		l.cursors.advance(message.GetCursors())
		stream.setHeartbeatInterval(message.GetInterval().AsDuration())
	case eventGoAway:
		var message dispatcherv1.GoAway
		if err := event.read(&message); err != nil {
			return err
		}
		stream.progress.retire()
		l.supervisor.reportStatus(Status{Kind: StatusGoingAway, Grace: message.GetGrace().AsDuration()})
	case eventReady:
		var message dispatcherv1.Ready
		if err := event.read(&message); err != nil {
			return err
		}
		stream.setHeartbeatInterval(message.GetHeartbeatInterval().AsDuration())
		return l.handleReady(ctx, &message, openedWith)
	case eventGap:
		var message dispatcherv1.Gap
		if err := event.read(&message); err != nil {
			return err
		}
		l.handleGap(&message)
	case eventTopicsChanged:
		var message dispatcherv1.TopicsChanged
		if err := event.read(&message); err != nil {
			return err
		}
		l.topics.changedByServer(&message)
		l.cursors.advance(message.GetCursors())
		if len(message.GetRemoved()) > 0 {
			l.cursors.retain(l.topics.current())
		}
	}
	return nil
}

// handleReady makes the session live.
func (l *Listener) handleReady(ctx context.Context, message *dispatcherv1.Ready, openedWith []string) error {
	id := message.GetListenerId()
	l.cursors.beginStream(message.GetCursors())
	l.supervisor.setID(id)
	if err := l.applyMissedChanges(ctx, openedWith); err != nil {
		return err
	}
	l.supervisor.reportStatus(Status{
		Kind: StatusReady, ID: id, SessionID: message.GetSessionId(), ServerID: message.GetServerId(),
	})
	return nil
}

// applyMissedChanges requests the topic changes that were made after the session was opened with its topics.
func (l *Listener) applyMissedChanges(ctx context.Context, openedWith []string) error {
	l.updating.Lock()
	defer l.updating.Unlock()
	if change, ok := l.topics.changesSince(openedWith); ok {
		ctx, cancel := context.WithTimeout(ctx, updateTimeout)
		defer cancel()
		if err := l.update(ctx, change); err != nil {
			return err
		}
	}
	l.supervisor.setLive()
	return nil
}

// handleGap advances past the lost results and reports the gap.
func (l *Listener) handleGap(message *dispatcherv1.Gap) {
	if message.GetReason() == dispatcherv1.GapReason_GAP_REASON_EPOCH_CHANGED {
		l.cursors.epochChanged(message.GetTopic())
	} else {
		l.cursors.skip(message.GetTopic(), message.GetTo())
	}
	if l.options.OnGap == nil {
		return
	}
	gap := Gap{
		Topic:     message.GetTopic(),
		Reason:    GapReason(enumName(dispatcherv1.GapReason_name, int32(message.GetReason()), "GAP_REASON_")),
		From:      message.GetFrom(),
		To:        message.GetTo(),
		LostCount: message.GetLostCount(),
	}
	l.supervisor.callback("OnGap", func() { l.options.OnGap(gap) })
}
