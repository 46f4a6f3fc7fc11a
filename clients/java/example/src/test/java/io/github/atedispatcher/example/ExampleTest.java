package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ExampleTest {
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    server = new Server();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @Test
  void theThreeCommandsWorkTogether() throws Exception {
    try (Program producer = example("produce", "words");
        Program listener = example("listen", "words")) {
      assertEquals("producing", producer.line());
      assertEquals("listening", listener.line());

      String answer = "java {words=[GOOD, DAY]}";
      assertEquals(List.of("gathered " + answer, "ended SUMMARY_REASON_ALL_ANSWERED"), gather("words", "good", "day"));
      assertEquals("received " + answer, listener.line());

      String failure = "java failed: asked to fail";
      assertEquals(List.of("gathered " + failure, "ended SUMMARY_REASON_ALL_ANSWERED"), gather("words", "fail"));
      assertEquals("received " + failure, listener.line());
    }
  }

  @Test
  void aRevocationInterruptsTheHandler() throws Exception {
    try (Program producer = example("produce", "patience")) {
      assertEquals("producing", producer.line());
      try (Program caller = example("gather", "patience", "wait")) {
        assertEquals("waiting", producer.line());
      }
      assertEquals("revoked", producer.line());
    }
  }

  @Test
  void sigtermDrainsTheProducer() throws Exception {
    try (Program producer = example("produce", "shift");
        Program listener = example("listen", "shift")) {
      assertEquals("producing", producer.line());
      assertEquals("listening", listener.line());
      producer.terminate();
      listener.terminate();
      assertEquals("closed", producer.line());
      assertEquals("closed", listener.line());
    }
    assertEquals(List.of("ended SUMMARY_REASON_NO_PRODUCERS"), gather("shift"));
  }

  private static List<String> gather(String topic, String... words) throws Exception {
    String[] args = new String[words.length + 1];
    args[0] = topic;
    System.arraycopy(words, 0, args, 1, words.length);
    try (Program caller = example("gather", args)) {
      return caller.rest();
    }
  }

  private static Program example(String command, String... args) throws Exception {
    String[] all = new String[args.length + 3];
    all[0] = Example.class.getName();
    all[1] = command;
    all[2] = server.address();
    System.arraycopy(args, 0, all, 3, args.length);
    return Program.java(all);
  }
}
