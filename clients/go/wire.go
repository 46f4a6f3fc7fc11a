package atedispatcher

// This file decodes the batches of the contract by hand, down to the payload. The generated code would decode payloads,
// too, and one malformed payload would fail its whole batch. Here a Result or Request stays encoded and fails alone, on
// first access. wire_test.go compares the field numbers and the decoded messages with the generated code.

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Field numbers of GatherEvent and ListenerEvent. No number has a different meaning in each.
const (
	eventDelivery protowire.Number = iota + 1
	eventSummary
	eventHeartbeat
	eventGoAway
	eventAcceptance
	eventRejection
	eventReady
	eventGap
	eventTopicsChanged
)

// Field numbers of DispatcherMessage.
const (
	messageAssignment protowire.Number = iota + 1
	messageRevocation
	messageHeartbeat
	messageGoAway
	messageDisposition
	messageWelcome
	messageRegistered
	messageDeregistered
	messageDrained
	messageFault
)

// event is one event of a batch: the number and the encoded value of the field that is set in its oneof.
type event struct {
	number protowire.Number
	body   []byte
}

// readBatch splits a batch into its events. An empty event has number 0.
func readBatch(batch frame) ([]event, error) {
	events := make([]event, 0, 1)
	err := eachField(batch, func(number protowire.Number, outer field) error {
		if number != 1 || outer.kind != protowire.BytesType {
			return nil
		}
		var e event
		err := eachField(outer.bytes, func(number protowire.Number, inner field) error {
			if inner.kind == protowire.BytesType {
				e = event{number, inner.bytes}
			}
			return nil
		})
		events = append(events, e)
		return err
	})
	if err != nil {
		return nil, malformedMessage(err)
	}
	return events, nil
}

// read decodes the body of an event without a payload.
func (e event) read(into proto.Message) error {
	if err := proto.Unmarshal(e.body, into); err != nil {
		return malformedMessage(err)
	}
	return nil
}

// readDelivery decodes a Delivery except its result.
func readDelivery(body []byte) (*Delivery, error) {
	d := &Delivery{}
	err := eachField(body, func(number protowire.Number, f field) (err error) {
		switch number {
		case 1:
			d.RequestID = string(f.bytes)
		case 2:
			d.Topic = string(f.bytes)
		case 3:
			d.ProducerID = string(f.bytes)
		case 4:
			d.Group = string(f.bytes)
		case 5:
			d.Ordinal = int(f.number)
		case 6:
			d.More = f.number != 0
		case 7:
			d.Sequence = f.number
		case 8:
			d.Latency, err = readDuration(f.bytes)
		case 9:
			d.ReceiveTime, err = readTimestamp(f.bytes)
		case 10:
			d.Late = f.number != 0
		case 11:
			err = readStringEntry(f.bytes, &d.Context)
		case 12:
			d.payload.raw = f.bytes
		}
		return err
	})
	if err != nil {
		return nil, malformedMessage(err)
	}
	return d, nil
}

// wireAssignment is an Assignment whose request is still encoded.
type wireAssignment struct {
	assignmentID, requestID string
	ttl                     time.Duration
	attempt                 int
	context                 map[string]string
	request                 []byte
}

// readAssignment decodes an Assignment except its request.
func readAssignment(body []byte) (wireAssignment, error) {
	var a wireAssignment
	err := eachField(body, func(number protowire.Number, f field) (err error) {
		switch number {
		case 1:
			a.assignmentID = string(f.bytes)
		case 2:
			a.requestID = string(f.bytes)
		case 3:
			a.ttl, err = readDuration(f.bytes)
		case 5:
			a.attempt = int(f.number)
		case 6:
			err = readStringEntry(f.bytes, &a.context)
		case 7:
			a.request = f.bytes
		}
		return err
	})
	if err != nil {
		return a, malformedMessage(err)
	}
	return a, nil
}

func readDuration(b []byte) (time.Duration, error) {
	var d durationpb.Duration
	err := proto.Unmarshal(b, &d)
	return d.AsDuration(), err
}

func readTimestamp(b []byte) (time.Time, error) {
	var t timestamppb.Timestamp
	err := proto.Unmarshal(b, &t)
	return t.AsTime(), err
}

// readStringEntry adds an entry of a map<string, string>, and creates the map for the first one.
func readStringEntry(b []byte, entries *map[string]string) error {
	var key, value string
	err := eachField(b, func(number protowire.Number, f field) (err error) {
		switch number {
		case 1:
			key, err = f.text()
		case 2:
			value, err = f.text()
		}
		return err
	})
	if *entries == nil {
		*entries = map[string]string{}
	}
	(*entries)[key] = value
	return err
}

// appendMessage appends an encoded message as a field.
func appendMessage(b []byte, number protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), message)
}
