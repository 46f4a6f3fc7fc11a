package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An authority that issues certificates by the program openssl, as files in a folder. */
final class Certificates {
  private final Path folder;

  Certificates(Path folder) throws Exception {
    this.folder = folder;
    issue("ca", "basicConstraints=critical,CA:TRUE", List.of());
  }

  /** The certificate of the authority. */
  Path authority() {
    return certificate("ca");
  }

  Path certificate(String name) {
    return folder.resolve(name + ".pem");
  }

  Path key(String name) {
    return folder.resolve(name + ".key");
  }

  /** Issues a certificate for 127.0.0.1 and a host name. */
  void issue(String name, String host) throws Exception {
    List<String> signer = List.of("-CA", certificate("ca").toString(), "-CAkey", key("ca").toString());
    issue(name, "subjectAltName=IP:127.0.0.1,DNS:" + host, signer);
  }

  private void issue(String name, String extension, List<String> signer) throws Exception {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"));
    command.addAll(List.of("-nodes", "-days", "1", "-subj", "/CN=" + name, "-addext", extension));
    command.addAll(List.of("-keyout", key(name).toString(), "-out", certificate(name).toString()));
    command.addAll(signer);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    assertEquals(0, process.waitFor(), "openssl cannot make a certificate");
  }
}
