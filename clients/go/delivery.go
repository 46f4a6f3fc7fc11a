package atedispatcher

import (
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Delivery is one delivered result.
//
// The payload is decoded at the first look at it, and only then can fail: a malformed one is [ErrUndecodableResult],
// here and nowhere else.
type Delivery struct {
	// RequestID is the request that was answered.
	RequestID string
	// Topic is the request's topic.
	Topic string
	// ProducerID is who answered.
	ProducerID string
	// Group is what the producer was chosen from; empty if it registered without one.
	Group string
	// Ordinal is the arrival number within the request, from 1 without holes; 0 if late.
	Ordinal int
	// More tells whether the same producer will send further results for this request.
	More bool
	// Sequence is the position in the topic's arrival order, from 1 within an epoch; 0 if late or for this caller alone.
	Sequence uint64
	// Latency is the time from the request's acceptance to the result's arrival at the server.
	Latency time.Duration
	// ReceiveTime is when the result arrived at the server, by its wall clock.
	ReceiveTime time.Time
	// Late tells whether it came after the request had ended.
	Late bool
	// Context is the request's trace context; empty if the requester sent none.
	Context map[string]string

	payload payload
}

// Err is nil if the producer answered, the producer's failure if it failed, or [ErrUndecodableResult].
//
// A failure is [ErrProducerFailed], and has the code, reason and text that the producer chose.
func (d *Delivery) Err() error {
	d.payload.decode()
	return d.payload.err
}

// Value returns the JSON value: nil, bool, float64, string, []any or map[string]any. It is nil if the producer sent
// bytes, and fails as Err does.
func (d *Delivery) Value() (any, error) {
	d.payload.decode()
	return d.payload.value, d.payload.err
}

// Decode stores the JSON value in the value that target points to, as [json.Unmarshal] would. It fails as Err does, or
// if the value does not fit.
func (d *Delivery) Decode(target any) error {
	value, err := d.Value()
	if err != nil {
		return err
	}
	return decodeInto(value, target)
}

// Data returns the bytes that the producer sent, or nil if it sent none; empty bytes are not nil. It fails as Err does.
//
// They are a view of the received message: clone them to keep them for long, and do not write to them.
func (d *Delivery) Data() ([]byte, error) {
	d.payload.decode()
	return d.payload.data, d.payload.err
}

// ContentType is the media type of the bytes; free text, may be empty.
func (d *Delivery) ContentType() string {
	d.payload.decode()
	return d.payload.contentType
}

// Attributes are the producer's annotations; may be nil.
func (d *Delivery) Attributes() map[string]string {
	d.payload.decode()
	return d.payload.attributes
}

// payload is a Result, decoded at the first look.
type payload struct {
	raw  []byte
	once sync.Once

	value       any
	data        []byte
	err         error
	contentType string
	attributes  map[string]string
}

func (p *payload) decode() {
	p.once.Do(func() {
		if err := eachField(p.raw, p.readField); err != nil {
			p.value, p.data = nil, nil
			p.err = &Error{
				Code:    codes.DataLoss,
				Reason:  "UNDECODABLE_RESULT",
				Message: "the producer's result cannot be decoded: " + err.Error(),
				cause:   err,
			}
		}
		p.raw = nil
	})
}

func (p *payload) readField(number protowire.Number, f field) (err error) {
	if f.kind != protowire.BytesType {
		return nil
	}
	switch number {
	case 1:
		p.data, p.err = nil, nil
		p.value, err = readValue(f.bytes)
	case 2:
		p.value, p.err = nil, nil
		p.data = f.bytes
	case 3:
		p.value, p.data = nil, nil
		var failure status.Status
		if err = proto.Unmarshal(f.bytes, &failure); err == nil {
			e := errorFromStatus(&failure, "PRODUCER_ERROR")
			e.fromProducer = true
			p.err = e
		}
	case 4:
		p.contentType, err = f.text()
	case 5:
		err = readStringEntry(f.bytes, &p.attributes)
	}
	return err
}

func decodeInto(value, target any) error {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err == nil {
		return nil
	}
	mismatch := invalidArgument("target", "does not take the value: %v", err)
	mismatch.cause = err
	return mismatch
}
