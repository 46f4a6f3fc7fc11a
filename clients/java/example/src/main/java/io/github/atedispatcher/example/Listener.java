package io.github.atedispatcher.example;

import io.github.atedispatcher.v1.Cursor;
import io.github.atedispatcher.v1.Delivery;
import io.github.atedispatcher.v1.DispatcherServiceGrpc.DispatcherServiceStub;
import io.github.atedispatcher.v1.Gap;
import io.github.atedispatcher.v1.ListenRequest;
import io.github.atedispatcher.v1.ListenerEvent;
import io.github.atedispatcher.v1.SubscribeRequest;
import io.github.atedispatcher.v1.SubscribeResponse;
import io.github.atedispatcher.v1.TopicsUpdate;
import io.grpc.Status;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Receives every result on its topics, in order. After a reconnect it resumes where it was. */
public final class Listener extends Peer<SubscribeRequest, SubscribeResponse> {
  private final String id;
  private final List<String> topics;
  private final Consumer<Delivery> onResult;
  private final Consumer<Gap> onGap;
  private final Cursors cursors = new Cursors();

  /**
   * Creates a listener that {@link #start} connects.
   *
   * @param target address of the dispatcher, such as {@code 127.0.0.1:50051}
   * @param id 1 to 128 printable ASCII characters; a newer session with the same id replaces an older one
   * @param topics topics or patterns of topics
   * @param onResult receives results, one at a time; while it runs, further results wait at the dispatcher. What it
   *     throws is logged.
   * @param onGap receives gaps: results that were lost
   */
  public Listener(
      String target, String id, List<String> topics, Consumer<Delivery> onResult, Consumer<Gap> onGap) {
    this(Endpoint.clear(target), id, topics, onResult, onGap);
  }

  /** Creates a listener that connects with TLS or a token. */
  public Listener(
      Endpoint endpoint, String id, List<String> topics, Consumer<Delivery> onResult, Consumer<Gap> onGap) {
    super(endpoint);
    Parts.check(id, topics);
    this.id = id;
    this.topics = List.copyOf(topics);
    this.onResult = onResult;
    this.onGap = onGap;
  }

  /** Opens the session by Subscribe, in parts, because all topics and cursors may not fit into one message. */
  @Override
  void open(DispatcherServiceStub stub, ClientResponseObserver<SubscribeRequest, SubscribeResponse> responses) {
    StreamObserver<SubscribeRequest> requests = stub.subscribe(responses);
    List<List<String>> topicParts = Parts.of(topics, Parts::sizeOf);
    // The last topics and the first cursors share no message, unless the session fits into one.
    List<List<Cursor>> cursorParts = new ArrayList<>(Parts.of(cursors.resumePoints(), Cursor::getSerializedSize));
    ListenRequest.Builder first = ListenRequest.newBuilder().setListenerId(id).addAllTopics(topicParts.get(0));
    int firstCursorBytes = cursorParts.get(0).stream().mapToInt(Cursor::getSerializedSize).sum();
    if (topicParts.size() == 1 && first.build().getSerializedSize() + 2 * firstCursorBytes < Parts.ROOM) {
      first.addAllResumeFrom(cursorParts.remove(0));
    }
    int left = topicParts.size() - 1 + cursorParts.size();
    first.setCursorsFollow(left > 0);
    requests.onNext(SubscribeRequest.newBuilder().setListen(first).build());
    for (List<String> part : topicParts.subList(1, topicParts.size())) {
      requests.onNext(update(TopicsUpdate.newBuilder().addAllAddTopics(part), --left));
    }
    for (List<Cursor> part : cursorParts) {
      requests.onNext(update(TopicsUpdate.newBuilder().addAllResumeFrom(part), --left));
    }
    requests.onCompleted();
  }

  private static SubscribeRequest update(TopicsUpdate.Builder part, int left) {
    return SubscribeRequest.newBuilder().setUpdate(part.setCursorsFollow(left > 0)).build();
  }

  @Override
  void receive(SubscribeResponse response) {
    for (ListenerEvent event : response.getEventsList()) {
      switch (event.getEventCase()) {
        case READY -> {
          setHeartbeatInterval(event.getReady().getHeartbeatInterval());
          cursors.beginStream(event.getReady().getCursorsList());
          setLive();
        }
        case HEARTBEAT -> {
          setHeartbeatInterval(event.getHeartbeat().getInterval());
          event.getHeartbeat().getCursorsList().forEach(cursors::advance);
        }
        case TOPICS_CHANGED -> event.getTopicsChanged().getCursorsList().forEach(cursors::advance);
        case DELIVERY -> {
          Delivery delivery = event.getDelivery();
          if (cursors.accept(delivery.getTopic(), delivery.getSequence())) {
            Failures.contain("onResult", () -> onResult.accept(delivery));
          }
        }
        case GAP -> {
          cursors.skip(event.getGap());
          Failures.contain("onGap", () -> onGap.accept(event.getGap()));
        }
        default -> {}
      }
    }
  }

  @Override
  void lost(Status status) {}
}
