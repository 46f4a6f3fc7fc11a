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

// Delivery is a result on its way to a listener or to the caller of a gather.
//
// The payload is decoded on first access. A malformed payload fails there with [ErrUndecodableResult] and affects no
// other delivery.
type Delivery struct {
	// RequestID is the id of the request.
	RequestID string
	// Topic is the request's topic.
	Topic string
	// ProducerID is the id of the producer.
	ProducerID string
	// Group is the group that the producer answered for; empty if it registered without one.
	Group string
	// Ordinal is the arrival number within the request, from 1 without gaps; 0 for a late result.
	Ordinal int
	// More reports whether the same producer will send further results for this request.
	More bool
	// Sequence is the position in the topic's arrival order, from 1 within an epoch; 0 for a late result and for a
	// result that goes to the caller alone.
	Sequence uint64
	// Latency is the time from the acceptance of the request to the arrival of the result, at the server.
	Latency time.Duration
	// ReceiveTime is the arrival of the result, by the server's wall clock.
	ReceiveTime time.Time
	// Late reports whether the result arrived after the request had ended.
	Late bool
	// Context is the request's trace context; empty if the caller sent none.
	Context map[string]string

	payload payload
}

// Err returns nil if the result is a value or bytes. It returns an [*Error] that matches [ErrProducerFailed], with
// the code, reason and text that the producer chose, if the result is an error; and [ErrUndecodableResult] if the
// payload is malformed.
func (d *Delivery) Err() error {
	d.payload.decode()
	return d.payload.err
}

// Value returns the JSON value: nil, bool, float64, string, []any or map[string]any. It returns nil if the producer
// sent bytes, and fails like Err.
func (d *Delivery) Value() (any, error) {
	d.payload.decode()
	return d.payload.value, d.payload.err
}

// Decode stores the JSON value in the value that target points to, like [json.Unmarshal]. It fails like Err, or with
// [ErrInvalidArgument] if the value does not fit.
func (d *Delivery) Decode(target any) error {
	value, err := d.Value()
	if err != nil {
		return err
	}
	return decodeInto(value, target)
}

// Data returns the bytes that the producer sent; not nil, even if empty. It returns nil if the producer sent a value,
// and fails like Err.
//
// The bytes share memory with the whole received batch: do not modify them, and clone them to keep them for long.
func (d *Delivery) Data() ([]byte, error) {
	d.payload.decode()
	return d.payload.data, d.payload.err
}

// ContentType returns the media type of the bytes. The server does not check it; may be empty.
func (d *Delivery) ContentType() string {
	d.payload.decode()
	return d.payload.contentType
}

// Attributes returns the producer's annotations; may be nil.
func (d *Delivery) Attributes() map[string]string {
	d.payload.decode()
	return d.payload.attributes
}

// payload is a Result that is decoded on first access.
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

// decodeInto stores a JSON value in the value that target points to.
func decodeInto(value, target any) error {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err == nil {
		return nil
	}
	mismatch := invalidArgument("target", "does not fit the value: %v", err)
	mismatch.cause = err
	return mismatch
}
