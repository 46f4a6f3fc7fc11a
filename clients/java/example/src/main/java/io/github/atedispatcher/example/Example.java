package io.github.atedispatcher.example;

import com.google.protobuf.Duration;
import io.github.atedispatcher.v1.Assignment;
import io.github.atedispatcher.v1.Delivery;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.GatherEvent;
import io.github.atedispatcher.v1.GatherRequest;
import io.github.atedispatcher.v1.GatherResponse;
import io.github.atedispatcher.v1.Request;
import io.grpc.ManagedChannel;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * A producer, a listener and a caller to run in a terminal: {@code produce}, {@code listen} and {@code gather}, each
 * with an address and a topic; {@code gather} also takes words to send. SIGTERM and Ctrl-C drain and close them.
 * {@link Endpoint#fromEnvironment} says which environment variables select TLS and a token.
 */
public final class Example {
  private static final int CONCURRENCY = 4;
  private static final int TTL_SECONDS = 5;

  private Example() {}

  /** Runs the command that the first argument names. */
  public static void main(String[] args) {
    if (args.length < 3) {
      System.err.println("usage: Example produce|listen|gather ADDRESS TOPIC [TEXT...]");
      System.exit(2);
    }
    Endpoint endpoint = Endpoint.fromEnvironment(args[1], System.getenv());
    String topic = args[2];
    switch (args[0]) {
      case "produce" -> produce(endpoint, topic);
      case "listen" -> listen(endpoint, topic);
      case "gather" -> gather(endpoint, topic, List.of(args).subList(3, args.length));
      default -> throw new IllegalArgumentException("unknown command " + args[0]);
    }
  }

  private static void produce(Endpoint endpoint, String topic) {
    run(new Producer(endpoint, "java", List.of(topic), CONCURRENCY, Example::shout), "producing");
  }

  /** Returns the words in capitals. Throws at the word {@code fail}, and waits until revoked at {@code wait}. */
  private static Object shout(Assignment assignment) throws InterruptedException {
    List<Object> words = Json.from(assignment.getRequest().getArgs());
    if (words.contains("fail")) throw new IllegalStateException("asked to fail");
    if (words.contains("wait")) waitUntilRevoked();
    return Map.of("words", words.stream().map(word -> String.valueOf(word).toUpperCase()).toList());
  }

  private static void waitUntilRevoked() throws InterruptedException {
    System.out.println("waiting");
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      System.out.println("revoked");
      throw e;
    }
  }

  private static void listen(Endpoint endpoint, String topic) {
    Listener listener =
        new Listener(
            endpoint,
            "java",
            List.of(topic),
            delivery -> print("received " + describe(delivery)),
            gap -> print("lost " + gap.getLostCount() + " of " + gap.getTopic() + ": " + gap.getReason()));
    run(listener, "listening");
  }

  private static void run(Peer<?, ?> peer, String word) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  peer.close();
                  System.out.println("closed");
                }));
    peer.start();
    peer.ready();
    System.out.println(word);
    peer.join();
  }

  private static void gather(Endpoint endpoint, String topic, List<String> words) {
    ManagedChannel channel = endpoint.newChannel().build();
    Request request =
        Request.newBuilder()
            .setTopic(topic)
            .setArgs(Json.list(words))
            .setTtl(Duration.newBuilder().setSeconds(TTL_SECONDS))
            .build();
    Iterator<GatherResponse> responses =
        endpoint
            .withToken(DispatcherServiceGrpc.newBlockingStub(channel))
            .gather(GatherRequest.newBuilder().setRequest(request).build());
    while (responses.hasNext()) responses.next().getEventsList().forEach(Example::print);
    channel.shutdown();
  }

  private static void print(GatherEvent event) {
    switch (event.getEventCase()) {
      case DELIVERY -> print("gathered " + describe(event.getDelivery()));
      case SUMMARY -> System.out.println("ended " + event.getSummary().getReason());
      default -> {}
    }
  }

  /** Prints a line with texts of peers, which are data: a terminal must not obey them. */
  private static void print(String line) {
    System.out.println(Failures.plain(line));
  }

  private static String describe(Delivery delivery) {
    String what =
        switch (delivery.getResult().getOutcomeCase()) {
          case ERROR -> "failed: " + delivery.getResult().getError().getMessage();
          case DATA -> delivery.getResult().getData().size() + " bytes";
          default -> String.valueOf(Json.from(delivery.getResult().getValue()));
        };
    return delivery.getProducerId() + " " + what;
  }
}
