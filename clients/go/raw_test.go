package atedispatcher_test

import (
	"context"
	"os"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	atedispatcher "github.com/ate-dispatcher/ate-dispatcher/clients/go"
	dispatcherv1 "github.com/ate-dispatcher/ate-dispatcher/clients/go/gen/ate/dispatcher/v1"
)

// sendRawReply starts a producer, by the generated stubs, that answers with encoded results, which may be malformed.
// The last one is final.
func sendRawReply(t *testing.T, client *atedispatcher.Client, topic string, results ...[]byte) {
	t.Helper()
	conn, err := grpc.NewClient(os.Getenv(addressVariable), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := dispatcherv1.NewDispatcherServiceClient(conn).Produce(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			response, err := stream.Recv()
			if err != nil {
				return
			}
			for _, message := range response.GetMessages() {
				if assignment := message.GetAssignment(); assignment != nil {
					_ = stream.Send(rawReplies(assignment.GetAssignmentId(), results))
				}
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = conn.Close()
	})
	hello := &dispatcherv1.Hello{Registrations: []*dispatcherv1.Registration{{Topic: topic}}}
	err = stream.Send(&dispatcherv1.ProduceRequest{Messages: []*dispatcherv1.ProducerMessage{
		{Message: &dispatcherv1.ProducerMessage_Hello{Hello: hello}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the raw producer is registered", func() bool {
		acceptance, err := client.Validate(ctx, topic, atedispatcher.RequestOptions{})
		return err == nil && len(acceptance.Targets) == 1
	})
}

// rawReplies sets encoded results as unknown fields, because the generated code cannot encode malformed ones.
func rawReplies(assignmentID string, results [][]byte) *dispatcherv1.ProduceRequest {
	request := &dispatcherv1.ProduceRequest{}
	for i, result := range results {
		reply := &dispatcherv1.Reply{AssignmentId: assignmentID, More: i < len(results)-1}
		raw := protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), result)
		proto.Message(reply).ProtoReflect().SetUnknown(raw)
		request.Messages = append(request.Messages, &dispatcherv1.ProducerMessage{
			Message: &dispatcherv1.ProducerMessage_Reply{Reply: reply},
		})
	}
	return request
}
