package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.github.atedispatcher.v1.Delivery;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.GatherEvent;
import io.github.atedispatcher.v1.GatherRequest;
import io.github.atedispatcher.v1.NoProducersAction;
import io.github.atedispatcher.v1.Request;
import io.github.atedispatcher.v1.Result;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fails in a handler, a callback or a message affects nothing else. */
@Timeout(60)
final class FailureTest {
  private static final String TOPIC = "failures";
  private static final long WAIT_SECONDS = 20;

  private static final class BrokenException extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no text today");
    }
  }

  @Test
  void aTextOfAPeerHoldsNothingThatATerminalObeys() {
    String unsafe = "\u001b[2J\u007f\u009b\u061c\u200e\u200f\u2028\u202e\u2066\u2069";
    String shown = Failures.plain("a\t" + unsafe + " \u00e4\u05d0");
    String escapes = "\\u001b[2J\\u007f\\u009b\\u061c\\u200e\\u200f\\u2028\\u202e\\u2066\\u2069";
    assertEquals("a\\u0009" + escapes + " \u00e4\u05d0", shown);
  }

  @Test
  void everyFailureOfAHandlerIsAPrintableResultAndTheProducerContinues() throws Exception {
    List<Object> self = new ArrayList<>();
    self.add(self);
    Map<String, Producer.Handler> handlers =
        Map.of(
            "broken", assignment -> { throw new BrokenException(); },
            "null", assignment -> { throw new RuntimeException((String) null); },
            "huge", assignment -> { throw new RuntimeException("ä".repeat(3 << 20)); },
            "error", assignment -> { throw new OutOfMemoryError("not really"); },
            "endless", assignment -> self,
            "large", assignment -> "x".repeat(3 << 20),
            "interrupted", assignment -> { Thread.currentThread().interrupt(); throw new InterruptedException(); },
            "good", assignment -> "good");
    try (Server server = new Server();
        Producer producer =
            new Producer(
                server.address(),
                "odd",
                List.of(TOPIC),
                1,
                assignment -> handlers.get(Json.from(assignment.getRequest().getArgs()).get(0)).answer(assignment))) {
      producer.start();
      producer.ready();
      for (String name : List.of("broken", "null", "huge", "error", "endless", "large", "interrupted")) {
        Result result = gather(server.address(), TOPIC, name).get(0);
        String text = result.getError().getMessage();
        assertTrue(result.hasError() && !text.isEmpty() && text.length() <= 1024, name + ": " + text);
        switch (name) {
          case "broken" -> assertTrue(text.endsWith("BrokenException (its text cannot be read)"), text);
          case "huge" -> assertTrue(text.length() == 1024 && text.endsWith("..."), name);
          case "large" -> assertTrue(text.contains("limit"), text);
          default -> {}
        }
      }
      assertEquals("good", Json.from(gather(server.address(), TOPIC, "good").get(0).getValue()));
    }
  }

  @Test
  void aFailingCallbackEndsNoSession() throws Exception {
    BlockingQueue<Delivery> received = new LinkedBlockingQueue<>();
    try (Server server = new Server();
        Producer producer = new Producer(server.address(), "echo", List.of(TOPIC), 1, assignment -> "good");
        Listener listener =
            new Listener(
                server.address(),
                "clumsy",
                List.of(TOPIC),
                delivery -> {
                  received.add(delivery);
                  throw new BrokenException();
                },
                gap -> {})) {
      producer.start();
      producer.ready();
      listener.start();
      listener.ready();
      for (int i = 0; i < 2; i++) {
        gather(server.address(), TOPIC, "x");
        assertNotNull(received.poll(WAIT_SECONDS, TimeUnit.SECONDS), "the listener is deaf");
      }
    }
  }

  @Test
  void peersWithMoreTopicsThanOneMessageHoldsComeBack() throws Exception {
    List<String> topics = IntStream.range(0, 9_700).mapToObj(i -> "many." + i + "." + "x".repeat(96)).toList();
    String last = topics.get(topics.size() - 1);
    BlockingQueue<Delivery> received = new LinkedBlockingQueue<>();
    try (Server server = new Server("--max-message-bytes", "64KiB");
        FaultyProxy proxy = new FaultyProxy(server.address());
        Producer producer = new Producer(proxy.address(), "many", topics, 1, assignment -> "good");
        Listener listener = new Listener(proxy.address(), "many", topics, received::add, gap -> {})) {
      producer.start();
      listener.start();
      for (int cut = 0; cut < 3; cut++) {
        producer.ready();
        listener.ready();
        assertEquals(1, gather(server.address(), last, "x").size());
        assertNotNull(received.poll(WAIT_SECONDS, TimeUnit.SECONDS), "the listener is deaf");
        proxy.cut();
      }
      producer.ready();
    }
  }

  @Test
  void anItemThatCanNeverFitIsRefused() {
    String huge = "x".repeat(1 << 17);
    assertThrows(IllegalArgumentException.class, () -> new Producer("127.0.0.1:1", "id", List.of(huge), 1, a -> null));
    assertThrows(IllegalArgumentException.class, () -> new Producer("127.0.0.1:1", huge, List.of("t"), 1, a -> null));
    assertThrows(
        IllegalArgumentException.class, () -> new Listener("127.0.0.1:1", "id", List.of(huge), d -> {}, g -> {}));
    assertThrows(
        IllegalArgumentException.class, () -> new Listener("127.0.0.1:1", huge, List.of("t"), d -> {}, g -> {}));
  }

  @Test
  void aHandlerMayCloseItsOwnProducer() throws Exception {
    AtomicReference<Producer> self = new AtomicReference<>();
    try (Server server = new Server();
        Producer producer =
            new Producer(
                server.address(),
                "quits",
                List.of(TOPIC),
                1,
                assignment -> {
                  self.get().close();
                  return "goodbye";
                })) {
      self.set(producer);
      producer.start();
      producer.ready();
      assertEquals("goodbye", Json.from(gather(server.address(), TOPIC, "x").get(0).getValue()));
      producer.join();
    }
  }

  @Test
  void callsAfterCloseReturnAtOnce() {
    Producer producer = new Producer("127.0.0.1:1", "late", List.of(TOPIC), 1, assignment -> null);
    producer.close();
    producer.close();
    assertThrows(IllegalStateException.class, producer::start);
    assertThrows(StatusRuntimeException.class, producer::ready);
    producer.join();
  }

  private static List<Result> gather(String address, String topic, String arg) {
    ManagedChannel channel = ManagedChannelBuilder.forTarget(address).usePlaintext().build();
    try {
      Request request =
          Request.newBuilder()
              .setTopic(topic)
              .setArgs(Json.list(List.of(arg)))
              .setTtl(Duration.newBuilder().setSeconds(WAIT_SECONDS))
              .setNoProducersAction(NoProducersAction.NO_PRODUCERS_ACTION_WAIT)
              .build();
      List<Result> results = new ArrayList<>();
      DispatcherServiceGrpc.newBlockingStub(channel)
          .gather(GatherRequest.newBuilder().setRequest(request).build())
          .forEachRemaining(
              response ->
                  response.getEventsList().stream()
                      .filter(GatherEvent::hasDelivery)
                      .forEach(event -> results.add(event.getDelivery().getResult())));
      return results;
    } finally {
      channel.shutdownNow();
    }
  }
}
