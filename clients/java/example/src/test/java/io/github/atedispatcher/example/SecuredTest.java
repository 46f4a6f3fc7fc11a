package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.atedispatcher.v1.DispatchRequest;
import io.github.atedispatcher.v1.DispatchResponse;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.ListenerEvent;
import io.github.atedispatcher.v1.Ready;
import io.github.atedispatcher.v1.SubscribeRequest;
import io.github.atedispatcher.v1.SubscribeResponse;
import io.grpc.Attributes;
import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS and tokens, with a stock grpc-java server. */
@Timeout(60)
final class SecuredTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir private static Path folder;
  private static Certificates certificates;

  @BeforeAll
  static void issueCertificates() throws Exception {
    certificates = new Certificates(folder);
    certificates.issue("server", "dispatcher.test");
    certificates.issue("client", "client.test");
  }

  @Test
  void aCallUsesTlsAClientCertificateAndATokenOfTheEnvironment() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "secret\n");
    try (StockServer server = new StockServer(mutualTls(), sent -> Status.OK)) {
      Map<String, String> environment =
          Map.of(
              "ATE_DISPATCHER_TLS_CA", certificates.authority().toString(),
              "ATE_DISPATCHER_TLS_CERT", certificates.certificate("client").toString(),
              "ATE_DISPATCHER_TLS_KEY", certificates.key("client").toString(),
              "ATE_DISPATCHER_SERVER_NAME", "dispatcher.test",
              "ATE_DISPATCHER_TOKEN_FILE", token.toString());
      dispatch(Endpoint.fromEnvironment(server.address(), environment));
      Files.writeString(token, "renewed\n");
      dispatch(Endpoint.fromEnvironment(server.address(), environment));
      assertEquals(List.of("Bearer secret", "Bearer renewed"), server.tokens);
    }
  }

  @Test
  void aListenerAsksForAnotherTokenAfterARefusal() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    Function<String, Status> judge = sent -> sent.equals("Bearer t3") ? Status.OK : Status.UNAUTHENTICATED;
    try (StockServer server = new StockServer(serverTls(), judge)) {
      Endpoint endpoint = Endpoint.tls(server.address(), trusting(), Token.from(() -> "t" + calls.incrementAndGet()));
      try (Listener listener = new Listener(endpoint, "id", List.of("t"), result -> {}, gap -> {})) {
        listener.start();
        listener.ready();
      }
      assertEquals(List.of("Bearer t1", "Bearer t2", "Bearer t3"), server.tokens);
    }
  }

  @Test
  void aRefusedTokenThatStaysTheSameEndsAListener() throws Exception {
    try (StockServer server = new StockServer(serverTls(), sent -> Status.UNAUTHENTICATED)) {
      Endpoint endpoint = Endpoint.tls(server.address(), trusting(), Token.fixed("old"));
      try (Listener listener = new Listener(endpoint, "id", List.of("t"), result -> {}, gap -> {})) {
        listener.start();
        StatusRuntimeException refusal = assertThrows(StatusRuntimeException.class, listener::join);
        assertEquals(Status.Code.UNAUTHENTICATED, refusal.getStatus().getCode());
      }
      assertEquals(List.of("Bearer old"), server.tokens);
    }
  }

  @Test
  void aHandshakeThatFailsIsTold() throws Exception {
    try (StockServer server = new StockServer(serverTls(), sent -> Status.OK)) {
      Endpoint untrusting = Endpoint.tls(server.address(), TlsChannelCredentials.create(), null);
      StatusRuntimeException refusal = assertThrows(StatusRuntimeException.class, () -> dispatch(untrusting));
      assertTrue(Peer.describe(refusal.getStatus()).contains("certification path"), Peer.describe(refusal.getStatus()));
    }
  }

  @Test
  void aTokenFunctionThatFailsSendsNothing() throws Exception {
    try (StockServer server = new StockServer(InsecureServerCredentials.create(), sent -> Status.OK)) {
      for (Token token :
          List.of(
              Token.from(() -> null),
              Token.from(() -> "planted\n"),
              Token.from(
                  () -> {
                    throw new IllegalStateException("no identity provider");
                  }))) {
        Endpoint clear = Endpoint.clear(server.address());
        Endpoint endpoint = new Endpoint(clear.target(), clear.credentials(), null, token);
        Status failure = assertThrows(StatusRuntimeException.class, () -> dispatch(endpoint)).getStatus();
        assertEquals(Status.Code.UNAVAILABLE, failure.getCode());
        assertTrue(failure.getDescription().startsWith("the token function failed: "), failure.getDescription());
        assertFalse(failure.getDescription().contains("planted"));
      }
      assertEquals(List.of(), server.tokens);
    }
    assertThrows(IllegalArgumentException.class, () -> Token.fixed("Bearer planted"));
  }

  @Test
  void aTokenIsSentInClearTextToLoopbackOnly() throws Exception {
    Token token = Token.fixed("secret");
    for (String host : List.of("127.0.0.1", "::1")) {
      Applied applied = Applied.of(token, SecurityLevel.NONE, host);
      assertEquals("Bearer secret", applied.headers.get(AUTHORIZATION));
    }
    Applied encrypted = Applied.of(token, SecurityLevel.PRIVACY_AND_INTEGRITY, "192.0.2.1");
    assertEquals("Bearer secret", encrypted.headers.get(AUTHORIZATION));
    for (SecurityLevel level : List.of(SecurityLevel.NONE, SecurityLevel.INTEGRITY)) {
      Applied refused = Applied.of(token, level, "192.0.2.1");
      assertNull(refused.headers);
      assertEquals(Status.Code.UNAUTHENTICATED, refused.failure.getCode());
      assertFalse(refused.failure.toString().contains("secret"));
    }
  }

  @Test
  void callsShareATokenFunctionThatRuns() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch proceed = new CountDownLatch(1);
    Token token =
        Token.from(
            () -> {
              calls.incrementAndGet();
              awaitQuietly(proceed);
              return "shared";
            });
    List<Applied> all = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 5; i++) all.add(Applied.start(token, SecurityLevel.NONE, "127.0.0.1"));
    proceed.countDown();
    for (Applied each : all) {
      each.done.await();
      assertEquals("Bearer shared", each.headers.get(AUTHORIZATION));
    }
    assertEquals(1, calls.get());
  }

  @Test
  void theReadmeShowsAPartOfThisTest() throws Exception {
    String here = Files.readString(Repository.file("clients/java/example/src/test/java/" + ownFile()));
    String readme = Files.readString(Repository.file("clients/java/README.md"));
    String section = readme.substring(readme.indexOf("## TLS and tokens"));
    String shown = section.split("```java\n")[1].split("```")[0];
    assertTrue(here.contains(shown.indent(4)), shown);
  }

  private static String ownFile() {
    return SecuredTest.class.getName().replace('.', '/') + ".java";
  }

  /** Compiled for the README; the other tests use the same calls. */
  static Listener secured(Path ca, Path tokenFile) throws Exception {
    Endpoint endpoint =
        Endpoint.tls(
            "dispatcher.example:50051",
            TlsChannelCredentials.newBuilder().trustManager(ca.toFile()).build(),
            Token.from(() -> Endpoint.read(tokenFile)));
    Listener listener =
        new Listener(endpoint, "archive", List.of("quotes.>"), result -> {}, gap -> {});
    return listener;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void dispatch(Endpoint endpoint) {
    ManagedChannel channel = endpoint.newChannel().build();
    try {
      endpoint
          .withToken(DispatcherServiceGrpc.newBlockingStub(channel))
          .dispatch(DispatchRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  private static ChannelCredentials trusting() throws Exception {
    return TlsChannelCredentials.newBuilder().trustManager(certificates.authority().toFile()).build();
  }

  private static TlsServerCredentials.Builder tlsBuilder() throws Exception {
    return TlsServerCredentials.newBuilder()
        .keyManager(certificates.certificate("server").toFile(), certificates.key("server").toFile());
  }

  private static ServerCredentials serverTls() throws Exception {
    return tlsBuilder().build();
  }

  private static ServerCredentials mutualTls() throws Exception {
    return tlsBuilder()
        .trustManager(certificates.authority().toFile())
        .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
        .build();
  }

  /** A server that records the tokens of all calls, and answers with the status that judge returns. */
  private static final class StockServer extends DispatcherServiceGrpc.DispatcherServiceImplBase
      implements ServerInterceptor, AutoCloseable {
    final List<String> tokens = new CopyOnWriteArrayList<>();
    private final Function<String, Status> judge;
    private final Server server;

    StockServer(ServerCredentials credentials, Function<String, Status> judge) throws Exception {
      this.judge = judge;
      server = Grpc.newServerBuilderForPort(0, credentials).addService(this).intercept(this).build().start();
    }

    String address() {
      return "127.0.0.1:" + server.getPort();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String token = String.valueOf(headers.get(AUTHORIZATION));
      tokens.add(token);
      Status status = judge.apply(token);
      if (status.isOk()) return next.startCall(call, headers);
      call.close(status, new Metadata());
      return new ServerCall.Listener<>() {};
    }

    @Override
    public void dispatch(DispatchRequest request, StreamObserver<DispatchResponse> responses) {
      responses.onNext(DispatchResponse.getDefaultInstance());
      responses.onCompleted();
    }

    @Override
    public StreamObserver<SubscribeRequest> subscribe(StreamObserver<SubscribeResponse> responses) {
      ListenerEvent ready = ListenerEvent.newBuilder().setReady(Ready.getDefaultInstance()).build();
      responses.onNext(SubscribeResponse.newBuilder().addEvents(ready).build());
      return new StreamObserver<>() {
        @Override
        public void onNext(SubscribeRequest request) {}

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {}
      };
    }

    @Override
    public void close() throws Exception {
      server.shutdownNow().awaitTermination();
    }
  }

  /** What credentials did with one call. */
  private static final class Applied extends CallCredentials.MetadataApplier {
    final CountDownLatch done = new CountDownLatch(1);
    volatile Metadata headers;
    volatile Status failure;

    static Applied start(Token token, SecurityLevel level, String host) {
      Applied applied = new Applied();
      token.applyRequestMetadata(new Call(level, host), Runnable::run, applied);
      return applied;
    }

    static Applied of(Token token, SecurityLevel level, String host) throws Exception {
      Applied applied = start(token, level, host);
      applied.done.await();
      return applied;
    }

    @Override
    public void apply(Metadata headers) {
      this.headers = headers;
      done.countDown();
    }

    @Override
    public void fail(Status status) {
      failure = status;
      done.countDown();
    }
  }

  /** A call on a connection to a host. */
  private static final class Call extends CallCredentials.RequestInfo {
    private final SecurityLevel level;
    private final String host;

    Call(SecurityLevel level, String host) {
      this.level = level;
      this.host = host;
    }

    @Override
    public MethodDescriptor<?, ?> getMethodDescriptor() {
      return DispatcherServiceGrpc.getDispatchMethod();
    }

    @Override
    public SecurityLevel getSecurityLevel() {
      return level;
    }

    @Override
    public String getAuthority() {
      return host;
    }

    @Override
    public Attributes getTransportAttrs() {
      return Attributes.newBuilder()
          .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, new InetSocketAddress(host, 1))
          .build();
    }
  }
}
