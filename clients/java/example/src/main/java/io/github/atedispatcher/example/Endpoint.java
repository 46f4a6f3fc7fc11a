package io.github.atedispatcher.example;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.AbstractStub;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The address of a dispatcher, and how to connect to it.
 *
 * @param target address, such as {@code 127.0.0.1:50051}
 * @param credentials TLS or clear text
 * @param serverName the name that the certificate of the server must have; null means the host of the address
 * @param token the token of every call; null means none
 */
public record Endpoint(String target, ChannelCredentials credentials, String serverName, Token token) {
  private static final String PREFIX = "ATE_DISPATCHER_";

  /** Returns an endpoint in clear text, without a token. */
  public static Endpoint clear(String target) {
    return new Endpoint(target, InsecureChannelCredentials.create(), null, null);
  }

  /** Returns an endpoint with TLS. A token of null means none. */
  public static Endpoint tls(String target, ChannelCredentials credentials, Token token) {
    return new Endpoint(target, credentials, null, token);
  }

  /**
   * Returns the endpoint that the environment variables of the command line describe: ATE_DISPATCHER_TLS, _TLS_CA,
   * _TLS_CERT, _TLS_KEY, _SERVER_NAME, _TOKEN_FILE and _TOKEN. Throws UncheckedIOException if a file cannot be read.
   */
  public static Endpoint fromEnvironment(String target, Map<String, String> environment) {
    String ca = environment.get(PREFIX + "TLS_CA");
    String cert = environment.get(PREFIX + "TLS_CERT");
    String key = environment.get(PREFIX + "TLS_KEY");
    if ((cert == null) != (key == null)) {
      throw new IllegalArgumentException("set both of ATE_DISPATCHER_TLS_CERT and ATE_DISPATCHER_TLS_KEY, or neither");
    }
    ChannelCredentials credentials = InsecureChannelCredentials.create();
    if (ca != null || cert != null || "true".equals(environment.get(PREFIX + "TLS"))) {
      try {
        TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
        if (ca != null) builder.trustManager(new File(ca));
        if (cert != null) builder.keyManager(new File(cert), new File(key));
        credentials = builder.build();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new Endpoint(target, credentials, environment.get(PREFIX + "SERVER_NAME"), tokenFrom(environment));
  }

  private static Token tokenFrom(Map<String, String> environment) {
    String file = environment.get(PREFIX + "TOKEN_FILE");
    if (file != null) return Token.from(() -> read(Path.of(file)));
    String token = environment.get(PREFIX + "TOKEN");
    return token == null ? null : Token.fixed(token);
  }

  /** Returns the trimmed text of a file. Throws UncheckedIOException if it cannot be read. */
  public static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the builder of a channel. */
  public ManagedChannelBuilder<?> newChannel() {
    ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(target, credentials);
    return serverName == null ? builder : builder.overrideAuthority(serverName);
  }

  /** Returns a stub that sends the token, if there is one. */
  public <S extends AbstractStub<S>> S withToken(S stub) {
    return token == null ? stub : stub.withCallCredentials(token);
  }
}
