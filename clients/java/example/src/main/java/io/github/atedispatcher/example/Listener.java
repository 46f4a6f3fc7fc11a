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

/** Hears every result on its topics, in order. After a reconnect it goes on where it was. */
public final class Listener extends Session<ListenRequest, ListenResponse> {
  private final String id;
  private final List<String> topics;
  private final Consumer<Delivery> onResult;
  private final Consumer<Gap> onGap;
  private final Cursors cursors = new Cursors();

  /**
   * Makes a listener that {@link #start} opens.
   *
   * @param target where the dispatcher is, such as {@code 127.0.0.1:50051}
   * @param id whose newest session replaces an older one
   * @param topics topics or patterns of topics
   * @param onResult takes results, one at a time; while it works the dispatcher holds the next ones back
   * @param onGap is told what was lost
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
            .addAllResumeFrom(cursors.claim())
            .build();
    stub.listen(request, responses);
  }

  @Override
  void take(ListenResponse response) {
    for (ListenerEvent event : response.getEventsList()) {
      switch (event.getEventCase()) {
        case READY -> {
          heartbeatsEvery(event.getReady().getHeartbeatInterval());
          cursors.begin(event.getReady().getCursorsList());
          live();
        }
        case HEARTBEAT -> {
          heartbeatsEvery(event.getHeartbeat().getInterval());
          event.getHeartbeat().getCursorsList().forEach(cursors::stand);
        }
        case TOPICS_CHANGED -> event.getTopicsChanged().getCursorsList().forEach(cursors::stand);
        case DELIVERY -> {
          Delivery delivery = event.getDelivery();
          if (cursors.take(delivery.getTopic(), delivery.getSequence())) onResult.accept(delivery);
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
