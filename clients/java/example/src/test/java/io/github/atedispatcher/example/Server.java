package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;

/** A real dispatcher, which {@code npm run build} in the root of the repository builds. */
final class Server implements AutoCloseable {
  private static final String READY = "listening on ";

  private final List<String> options;
  private Program program;
  private String address = "127.0.0.1:0";

  Server(String... options) throws Exception {
    this.options = List.of(options);
    start();
  }

  /** The address of the dispatcher; the same after a restart. */
  String address() {
    return address;
  }

  /** Kills the dispatcher and starts another one on the same address. */
  void crash() throws Exception {
    program.close();
    start();
  }

  @Override
  public void close() throws Exception {
    program.close();
  }

  private void start() throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("node", Repository.file("dist/main.js").toString(), "serve", "--listen", address));
    command.addAll(List.of("--log-level", "warn"));
    command.addAll(options);
    program = Program.run(command.toArray(String[]::new));
    String line = program.line();
    assertNotNull(line, "the dispatcher did not start; run npm run build in the root of the repository");
    address = line.substring(READY.length());
  }
}
