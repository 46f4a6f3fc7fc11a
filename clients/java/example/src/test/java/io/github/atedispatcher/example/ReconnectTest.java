package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.github.atedispatcher.v1.Delivery;
import io.github.atedispatcher.v1.DispatcherMessage;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.Gap;
import io.github.atedispatcher.v1.GapReason;
import io.github.atedispatcher.v1.GatherEvent;
import io.github.atedispatcher.v1.GatherRequest;
import io.github.atedispatcher.v1.NoProducersAction;
import io.github.atedispatcher.v1.ProduceRequest;
import io.github.atedispatcher.v1.ProduceResponse;
import io.github.atedispatcher.v1.Request;
import io.github.atedispatcher.v1.Welcome;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ReconnectTest {
  private static final String TOPIC = "numbers";
  private static final long WAIT_SECONDS = 20;

  private final BlockingQueue<Delivery> received = new LinkedBlockingQueue<>();
  private final BlockingQueue<Gap> gaps = new LinkedBlockingQueue<>();

  @Test
  void producerAndListenerReconnectToARestartedServer() throws Exception {
    try (Server server = new Server();
        Producer producer = producer(server.address());
        Listener listener = listener(server.address())) {
      assertEquals(List.of(1.0), gather(server.address(), 1));
      assertReceived(1.0);
      server.crash();
      assertEquals(GapReason.GAP_REASON_EPOCH_CHANGED, next(gaps).getReason());
      assertEquals(List.of(2.0), gather(server.address(), 2));
      assertReceived(2.0);
      assertNull(received.poll());
    }
  }

  @Test
  void missingHeartbeatsReplaceAHalfOpenConnection() throws Exception {
    try (Server server = new Server("--heartbeat-ms", "100ms");
        FaultyProxy producerProxy = new FaultyProxy(server.address());
        FaultyProxy listenerProxy = new FaultyProxy(server.address());
        Producer producer = producer(producerProxy.address());
        Listener listener = listener(listenerProxy.address())) {
      assertEquals(List.of(1.0), gather(server.address(), 1));
      assertReceived(1.0);
      listenerProxy.freeze();
      assertEquals(List.of(2.0), gather(server.address(), 2));
      assertReceived(2.0);
      producerProxy.freeze();
      // An assignment of the frozen session departs when a new session with the same id replaces the frozen one.
      List<Object> values;
      do values = gather(server.address(), 3);
      while (values.isEmpty());
      assertEquals(List.of(3.0), values);
      assertReceived(3.0);
      assertNull(received.poll());
      assertNull(gaps.poll());
    }
  }

  @Test
  void aSessionThatEndsAtALimitIsReopenedWhenTheServerAsks() throws Exception {
    long delayNanos = 600_000_000;
    com.google.rpc.Status atLimit =
        com.google.rpc.Status.newBuilder()
            .setCode(Code.RESOURCE_EXHAUSTED_VALUE)
            .setMessage("the session caused too many faults")
            .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setNanos((int) delayNanos)).build()))
            .build();
    BlockingQueue<Long> openedAt = new LinkedBlockingQueue<>();
    io.grpc.Server server =
        ServerBuilder.forPort(0)
            .addService(
                new DispatcherServiceGrpc.DispatcherServiceImplBase() {
                  @Override
                  public StreamObserver<ProduceRequest> produce(StreamObserver<ProduceResponse> responses) {
                    openedAt.add(System.nanoTime());
                    DispatcherMessage welcome =
                        DispatcherMessage.newBuilder().setWelcome(Welcome.getDefaultInstance()).build();
                    responses.onNext(ProduceResponse.newBuilder().addMessages(welcome).build());
                    responses.onError(StatusProto.toStatusRuntimeException(atLimit));
                    return new Ignored<>();
                  }
                })
            .build()
            .start();
    try (Producer producer = producer("127.0.0.1:" + server.getPort())) {
      long earlier = next(openedAt);
      for (int i = 0; i < 2; i++) {
        long later = next(openedAt);
        assertTrue(later - earlier >= delayNanos, "reconnected after " + (later - earlier) + " ns");
        earlier = later;
      }
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void aRevocationInterruptsTheHandlerAndFreesItsThread() throws Exception {
    Semaphore interrupted = new Semaphore(0);
    try (Server server = new Server();
        Producer producer =
            new Producer(
                server.address(),
                "slow",
                List.of(TOPIC),
                1,
                assignment -> {
                  if (assignment.getRequest().getArgs().getValuesCount() > 0) return "quick";
                  try {
                    return new LinkedBlockingQueue<>().take();
                  } finally {
                    interrupted.release();
                  }
                })) {
      producer.start();
      producer.ready();
      assertEquals(List.of(), gather(server.address(), request().setTtl(Duration.newBuilder().setNanos(50_000_000))));
      assertEquals(true, interrupted.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS));
      assertEquals(List.of("quick"), gather(server.address(), 1));
    }
  }

  @Test
  void everyThrowableOfAHandlerIsAResultAndTheProducerContinues() throws Exception {
    try (Server server = new Server();
        Producer producer =
            new Producer(
                server.address(),
                "clumsy",
                List.of(TOPIC),
                1,
                assignment -> {
                  if (assignment.getRequest().getArgs().getValuesCount() > 0) throw new StackOverflowError("too deep");
                  return List.of(1L << 60);
                });
        Listener listener = listener(server.address())) {
      producer.start();
      producer.ready();
      gather(server.address(), 1);
      assertEquals("too deep", next(received).getResult().getError().getMessage());
      gather(server.address(), request());
      assertEquals("JSON cannot represent exactly " + (1L << 60), next(received).getResult().getError().getMessage());
    }
  }

  @Test
  void closeAnswersTheOutstandingAssignments() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (Server server = new Server();
        Producer producer =
            new Producer(
                server.address(),
                "thorough",
                List.of(TOPIC),
                1,
                assignment -> {
                  started.countDown();
                  release.await();
                  return "done";
                })) {
      producer.start();
      producer.ready();
      CompletableFuture<List<Object>> gathered = CompletableFuture.supplyAsync(() -> gather(server.address(), 1));
      started.await();
      CompletableFuture<Void> closed = CompletableFuture.runAsync(producer::close);
      release.countDown();
      assertEquals(List.of("done"), gathered.get());
      closed.get();
      producer.join();
    }
  }

  @Test
  void aNewerSessionWithTheSameIdEndsTheOlderOneForGood() throws Exception {
    try (Server server = new Server();
        Producer older = producer(server.address());
        Producer newer = producer(server.address())) {
      StatusRuntimeException error = assertThrows(StatusRuntimeException.class, older::join);
      assertEquals(Status.Code.ABORTED, error.getStatus().getCode());
      assertEquals(List.of(1.0), gather(server.address(), 1));
    }
  }

  private static Producer producer(String address) {
    Producer producer =
        new Producer(
            address, "echo", List.of(TOPIC), 4, assignment -> Json.from(assignment.getRequest().getArgs()).get(0));
    producer.start();
    producer.ready();
    return producer;
  }

  private Listener listener(String address) {
    Listener listener = new Listener(address, "listener", List.of(TOPIC), received::add, gaps::add);
    listener.start();
    listener.ready();
    return listener;
  }

  private void assertReceived(Object value) throws InterruptedException {
    assertEquals(value, Json.from(next(received).getResult().getValue()));
  }

  private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    T found = queue.poll(WAIT_SECONDS, TimeUnit.SECONDS);
    assertNotNull(found, "nothing arrived in time");
    return found;
  }

  private static Request.Builder request() {
    return Request.newBuilder().setTopic(TOPIC).setTtl(Duration.newBuilder().setSeconds(WAIT_SECONDS));
  }

  private static List<Object> gather(String address, int number) {
    return gather(address, request().setArgs(Json.list(List.of(number))));
  }

  /** Returns the gathered values; without a producer, the request waits for the first one. */
  private static List<Object> gather(String address, Request.Builder request) {
    ManagedChannel channel = ManagedChannelBuilder.forTarget(address).usePlaintext().build();
    try {
      List<Object> values = new ArrayList<>();
      request.setNoProducersAction(NoProducersAction.NO_PRODUCERS_ACTION_WAIT);
      DispatcherServiceGrpc.newBlockingStub(channel)
          .withWaitForReady()
          .gather(GatherRequest.newBuilder().setRequest(request).build())
          .forEachRemaining(
              response ->
                  response.getEventsList().stream()
                      .filter(GatherEvent::hasDelivery)
                      .forEach(event -> values.add(Json.from(event.getDelivery().getResult().getValue()))));
      return values;
    } finally {
      channel.shutdownNow();
    }
  }

  /** Ignores what a stream receives. */
  private static final class Ignored<T> implements StreamObserver<T> {
    @Override
    public void onNext(T message) {}

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
  }
}
