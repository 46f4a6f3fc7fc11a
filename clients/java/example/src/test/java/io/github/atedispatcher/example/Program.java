package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process whose lines are read; it is gone after the test. */
final class Program implements AutoCloseable {
  private static final long END_SECONDS = 30;

  private final Process process;
  private final BufferedReader output;

  private Program(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    output = process.inputReader();
  }

  /** Starts any command. */
  static Program run(String... command) throws IOException {
    return new Program(List.of(command));
  }

  /** Starts the JVM that runs the tests, with their class path. */
  static Program java(String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    // Programs this small are started faster so.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(args));
    return new Program(command);
  }

  /** The next line it prints; null at the end. */
  String line() throws IOException {
    return output.readLine();
  }

  /** All that it prints until it ends. */
  List<String> rest() throws Exception {
    List<String> lines = output.lines().toList();
    awaitEnd();
    return lines;
  }

  /** Asks it to end, and waits for that. */
  void terminate() throws Exception {
    // Process.destroy would close what is still to be read.
    process.toHandle().destroy();
    awaitEnd();
  }

  /** Ends it without goodbye. */
  @Override
  public void close() throws Exception {
    process.destroyForcibly();
    awaitEnd();
  }

  private void awaitEnd() throws InterruptedException {
    assertTrue(process.waitFor(END_SECONDS, TimeUnit.SECONDS), "it does not end");
  }
}
