package io.github.atedispatcher.example;

import io.github.atedispatcher.v1.Cursor;
import io.github.atedispatcher.v1.Delivery;
import io.github.atedispatcher.v1.DispatcherServiceGrpc.DispatcherServiceStub;
import io.github.atedispatcher.v1.Gap;
import io.github.atedispatcher.v1.ListenRequest;
import io.github.atedispatcher.v1.ListenResponse;
import io.github.atedispatcher.v1.ListenerEvent;
import io.grpc.Status;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.function.Consumer;

/** Receives every result on its topics, in order. After a reconnect it resumes where it was. */
public final class Listener extends Peer<ListenRequest, ListenResponse> {
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
   * @param onResult receives results, one at a time; while it runs, further results wait at the dispatcher
   * @param onGap receives gaps: results that were lost
   */
  public Listener(
      String target, String id, List<String> topics, Consumer<Delivery> onResult, Consumer<Gap> onGap) {
    super(target);
    this.id = id;
    this.topics = List.copyOf(topics);
    this.onResult = onResult;
    this.onGap = onGap;
  }

  @Override
  void open(DispatcherServiceStub stub, ClientResponseObserver<ListenRequest, ListenResponse> responses) {
    ListenRequest request =
        ListenRequest.newBuilder()
            .setListenerId(id)
            .addAllTopics(topics)
            .addAllResumeFrom(cursors.resumePoints())
            .build();
    stub.listen(request, responses);
  }

  @Override
  void receive(ListenResponse response) {
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
          if (cursors.accept(delivery.getTopic(), delivery.getSequence())) onResult.accept(delivery);
        }
        case GAP -> {
          cursors.skip(event.getGap());
          onGap.accept(event.getGap());
        }
        default -> {}
      }
    }
  }

  @Override
  void lost(Status status) {}
}
