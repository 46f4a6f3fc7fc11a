package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the example with a real dispatcher that has TLS, tokens and a policy. */
@Timeout(60)
final class SecuredServerTest {
  private static final String TOKEN = "good";

  @Test
  void theThreeCommandsWorkTogether(@TempDir Path folder) throws Exception {
    Certificates certificates = new Certificates(folder);
    certificates.issue("server", "dispatcher.test");
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8));
    String tokens = "- id: vault\n  sha256: \"" + HexFormat.of().formatHex(digest) + "\"\n";
    String policy =
        """
        version: 1
        rules:
          - principals: [vault]
            allow: { request: [words], produce: [words], listen: [words] }
        """;
    Map<String, String> secured =
        Map.of(
            "ATE_DISPATCHER_TLS_CA", certificates.authority().toString(),
            "ATE_DISPATCHER_SERVER_NAME", "dispatcher.test",
            "ATE_DISPATCHER_TOKEN_FILE", write(folder, "token", TOKEN + "\n"));
    try (Server server =
            new Server(
                "--tls-cert-file", certificates.certificate("server").toString(),
                "--tls-key-file", certificates.key("server").toString(),
                "--auth-tokens-file", write(folder, "tokens.yaml", tokens),
                "--policy-file", write(folder, "policy.yaml", policy));
        Program producer = example(secured, "produce", server);
        Program listener = example(secured, "listen", server)) {
      assertEquals("producing", producer.line());
      assertEquals("listening", listener.line());
      String answer = "java {words=[GOOD]}";
      try (Program caller = example(secured, "gather", server, "good")) {
        assertEquals(List.of("gathered " + answer, "ended SUMMARY_REASON_ALL_ANSWERED"), caller.rest());
      }
      assertEquals("received " + answer, listener.line());
    }
  }

  private static Program example(Map<String, String> environment, String command, Server server, String... words)
      throws Exception {
    String[] args = new String[words.length + 4];
    args[0] = Example.class.getName();
    args[1] = command;
    args[2] = server.address();
    args[3] = "words";
    System.arraycopy(words, 0, args, 4, words.length);
    return Program.java(environment, args);
  }

  private static String write(Path folder, String name, String content) throws Exception {
    return Files.writeString(folder.resolve(name), content).toString();
  }
}
