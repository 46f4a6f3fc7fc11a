package atedispatcher

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// envelopeBytes bounds the encoded size of the messages around the lists that are split.
const envelopeBytes = 64

// takeFitting splits off the first items whose encoded sizes sum to at most room.
func takeFitting[T any](items []T, room int, size func(T) int) (fitting, rest []T) {
	for i, item := range items {
		if room -= size(item); room < 0 {
			return items[:i:i], items[i:]
		}
	}
	return items, nil
}

// topicBytes returns the encoded size of a topic in a list.
func topicBytes(topic string) int {
	return protowire.SizeTag(1) + protowire.SizeBytes(len(topic))
}

// messageBytes returns the encoded size of a message in a list.
func messageBytes[T proto.Message](message T) int {
	return protowire.SizeTag(1) + protowire.SizeBytes(proto.Size(message))
}

// splitChange splits a change of topics into parts that every server accepts.
func splitChange(change topicsChange) []topicsChange {
	var parts []topicsChange
	for {
		var part topicsChange
		part.add, change.add = takeFitting(change.add, maxCertainBytes-envelopeBytes-maxIDBytes, topicBytes)
		if len(change.add) == 0 {
			room := maxCertainBytes - envelopeBytes - maxIDBytes
			for _, topic := range part.add {
				room -= topicBytes(topic)
			}
			part.remove, change.remove = takeFitting(change.remove, room, topicBytes)
		}
		parts = append(parts, part)
		if len(change.add)+len(change.remove) == 0 {
			return parts
		}
	}
}

// splitHello returns a Hello that every server accepts, and the registrations that do not fit into it.
func splitHello(hello *dispatcherv1.Hello) (rest [][]*dispatcherv1.Registration, err error) {
	all := hello.Registrations
	hello.Registrations = nil
	room := maxCertainBytes - envelopeBytes - proto.Size(hello)
	if room < 0 {
		return nil, invalidArgument("producer", "has %d bytes of labels and names; the maximum is %d", proto.Size(hello), maxCertainBytes)
	}
	hello.Registrations, all = takeFitting(all, room, messageBytes)
	for len(all) > 0 {
		var part []*dispatcherv1.Registration
		part, all = takeFitting(all, maxCertainBytes-envelopeBytes, messageBytes)
		rest = append(rest, part)
	}
	return rest, nil
}

// splitListen returns a ListenRequest that every server accepts, and the updates with the topics and cursors that do not
// fit into it. Such a request needs Subscribe.
func splitListen(request *dispatcherv1.ListenRequest) (rest []*dispatcherv1.TopicsUpdate, err error) {
	topics, cursors := request.Topics, request.ResumeFrom
	request.Topics, request.ResumeFrom = nil, nil
	room := maxCertainBytes - envelopeBytes - proto.Size(request)
	if room < 0 {
		return nil, invalidArgument("listener", "has %d bytes of names; the maximum is %d", proto.Size(request), maxCertainBytes)
	}
	take := func(room int) (someTopics []string, someCursors []*dispatcherv1.Cursor) {
		someTopics, topics = takeFitting(topics, room, topicBytes)
		for _, topic := range someTopics {
			room -= topicBytes(topic)
		}
		if len(topics) == 0 {
			someCursors, cursors = takeFitting(cursors, room, messageBytes)
		}
		return someTopics, someCursors
	}
	request.Topics, request.ResumeFrom = take(room)
	request.CursorsFollow = len(topics)+len(cursors) > 0
	for len(topics)+len(cursors) > 0 {
		part := &dispatcherv1.TopicsUpdate{}
		part.AddTopics, part.ResumeFrom = take(maxCertainBytes - envelopeBytes)
		part.CursorsFollow = len(topics)+len(cursors) > 0
		rest = append(rest, part)
	}
	return rest, nil
}
