// Command conformance-stock-peer is a peer of grpc-go with the generated stubs and default options, without this
// client. test/conformance/stock-stubs/README.md describes its commands and events.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: conformance-stock-peer ADDRESS ID")
		os.Exit(2)
	}
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := &peer{id: os.Args[2], stub: dispatcherv1.NewDispatcherServiceClient(connection), out: json.NewEncoder(os.Stdout)}
	go p.keepOpen("listen", p.listen)
	go p.keepOpen("produce", p.produce)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var command struct {
			Gather string `json:"gather"`
			List   bool   `json:"list"`
		}
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if command.List {
			p.listProducers(dispatcherv1.NewIntrospectionServiceClient(connection))
		} else {
			go p.gather(command.Gather)
		}
	}
}

type peer struct {
	id      string
	stub    dispatcherv1.DispatcherServiceClient
	writing sync.Mutex
	out     *json.Encoder
}

// event is one line of output. Echo is the message, encoded again to show what was read.
type event struct {
	Event     string `json:"event"`
	Stream    string `json:"stream,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Echo      string `json:"echo,omitempty"`
	Error     string `json:"error,omitempty"`
}

func (p *peer) report(e event) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.out.Encode(e); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func echo(message proto.Message) string {
	encoded, err := proto.Marshal(message)
	if err != nil {
		return "cannot be encoded: " + err.Error()
	}
	return base64.StdEncoding.EncodeToString(encoded)
}

// keepOpen opens a stream again whenever it ends.
func (p *peer) keepOpen(stream string, run func() error) {
	for {
		p.report(event{Event: "ended", Stream: stream, Error: textOf(run())})
	}
}

func textOf(err error) string {
	return fmt.Sprintf("%v %s", status.Code(err), status.Convert(err).Message())
}

func (p *peer) listen() error {
	stream, err := p.stub.Listen(context.Background(), &dispatcherv1.ListenRequest{
		ListenerId: p.id, Topics: []string{"stock.>"}, IncludeSummaries: true,
	})
	if err != nil {
		return err
	}
	for {
		batch, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, one := range batch.GetEvents() {
			text := func() string {
				return echo(&dispatcherv1.ListenResponse{Events: []*dispatcherv1.ListenerEvent{one}})
			}
			switch {
			case one.GetReady() != nil:
				p.report(event{Event: "live", Stream: "listen"})
			case one.GetDelivery() != nil:
				p.report(event{Event: "delivery", RequestID: one.GetDelivery().GetRequestId(), Echo: text()})
			case one.GetSummary() != nil:
				p.report(event{Event: "summary", RequestID: one.GetSummary().GetRequestId(), Echo: text()})
			}
		}
	}
}

func (p *peer) produce() error {
	stream, err := p.stub.Produce(context.Background())
	if err != nil {
		return err
	}
	send := func(message *dispatcherv1.ProducerMessage) error {
		return stream.Send(&dispatcherv1.ProduceRequest{Messages: []*dispatcherv1.ProducerMessage{message}})
	}
	hello := &dispatcherv1.Hello{ProducerId: p.id, Registrations: []*dispatcherv1.Registration{
		{Topic: "stock.requests"}, {Topic: "stock." + p.id},
	}}
	// Recv returns the status of a stream on which a Send fails.
	_ = send(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Hello{Hello: hello}})
	for {
		batch, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, message := range batch.GetMessages() {
			assignment := message.GetAssignment()
			switch {
			case message.GetWelcome() != nil:
				p.report(event{Event: "live", Stream: "produce"})
			case assignment != nil:
				reply := &dispatcherv1.Reply{AssignmentId: assignment.GetAssignmentId(), Result: &dispatcherv1.Result{
					Outcome: &dispatcherv1.Result_Value{Value: structpb.NewStringValue(p.id)},
				}}
				_ = send(&dispatcherv1.ProducerMessage{Message: &dispatcherv1.ProducerMessage_Reply{Reply: reply}})
				text := echo(&dispatcherv1.ProduceResponse{Messages: []*dispatcherv1.DispatcherMessage{message}})
				p.report(event{Event: "assignment", RequestID: assignment.GetRequestId(), Echo: text})
			}
		}
	}
}

func (p *peer) listProducers(stub dispatcherv1.IntrospectionServiceClient) {
	response, err := stub.ListProducers(context.Background(), &dispatcherv1.ListProducersRequest{})
	if err != nil {
		p.report(event{Event: "ended", Stream: "list", Error: textOf(err)})
		return
	}
	p.report(event{Event: "listed", Echo: echo(response)})
}

func (p *peer) gather(topic string) {
	stream, err := p.stub.Gather(context.Background(), &dispatcherv1.GatherRequest{
		Request: &dispatcherv1.Request{Topic: topic},
	})
	for err == nil {
		var batch *dispatcherv1.GatherResponse
		batch, err = stream.Recv()
		for _, one := range batch.GetEvents() {
			text := echo(&dispatcherv1.GatherResponse{Events: []*dispatcherv1.GatherEvent{one}})
			switch {
			case one.GetAcceptance() != nil:
				p.report(event{Event: "gather.acceptance", RequestID: one.GetAcceptance().GetRequestId(), Echo: text})
			case one.GetDelivery() != nil:
				p.report(event{Event: "gather.delivery", RequestID: one.GetDelivery().GetRequestId(), Echo: text})
			case one.GetSummary() != nil:
				p.report(event{Event: "gather.summary", RequestID: one.GetSummary().GetRequestId(), Echo: text})
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		p.report(event{Event: "ended", Stream: "gather", Error: textOf(err)})
	}
}
