package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process whose output is read line by line; close kills it. */
final class Program implements AutoCloseable {
  private static final long END_SECONDS = 30;

  private final Process process;
  private final BufferedReader output;

  private Program(List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    process = builder.start();
    output = process.inputReader();
  }

  /** Starts any command. */
  static Program run(String... command) throws IOException {
    return new Program(List.of(command), Map.of());
  }

  /** Starts the JVM that runs the tests, with their class path. */
  static Program java(String... args) throws IOException {
    return java(Map.of(), args);
  }

  /** Starts that JVM with further environment variables. */
  static Program java(Map<String, String> environment, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    // The first compiler tier alone starts small programs faster.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(args));
    return new Program(command, environment);
  }

  /** Returns the next line of the output; null at the end. */
  String line() throws IOException {
    return output.readLine();
  }

  /** Waits for the end of the process and returns the remaining lines. */
  List<String> rest() throws Exception {
    List<String> lines = output.lines().toList();
    awaitEnd();
    return lines;
  }

  /** Sends SIGTERM and waits for the end of the process. */
  void terminate() throws Exception {
    // Process.destroy would also close the output, which is still to be read.
    process.toHandle().destroy();
    awaitEnd();
  }

  /** Kills the process. */
  @Override
  public void close() throws Exception {
    process.destroyForcibly();
    awaitEnd();
  }

  private void awaitEnd() throws InterruptedException {
    assertTrue(process.waitFor(END_SECONDS, TimeUnit.SECONDS), "the process does not end");
  }
}
