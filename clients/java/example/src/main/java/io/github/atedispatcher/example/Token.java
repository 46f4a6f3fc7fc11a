package io.github.atedispatcher.example;

import io.grpc.CallCredentials;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.SecurityLevel;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Sends a token as {@code authorization: Bearer <token>} with every call. It is not sent in clear text to an address
 * that is not loopback: such a call fails.
 */
public final class Token extends CallCredentials {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final long TIMEOUT_SECONDS = 10;

  private final Supplier<String> source;
  private final boolean isFixed;
  private CompletableFuture<String> running = CompletableFuture.completedFuture("");

  private Token(Supplier<String> source, boolean isFixed) {
    this.source = source;
    this.isFixed = isFixed;
  }

  /** Returns credentials with a token that stays the same. Throws IllegalArgumentException if it cannot be sent. */
  public static Token fixed(String token) {
    checked(token);
    return new Token(() -> token, true);
  }

  /**
   * Returns credentials with a function that returns the token. It is called for every call and session, once at a
   * time: calls that need a token while it runs share the result. A call fails with UNAVAILABLE if the function throws,
   * or takes longer than 10 s.
   */
  public static Token from(Supplier<String> source) {
    return new Token(source, false);
  }

  /** Returns whether a refused token may be followed by another one. */
  boolean isRenewed() {
    return !isFixed;
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    if (!isProtected(call)) {
      String remedy = "the token is not sent in clear text to an address that is not loopback; use TLS";
      applier.fail(Status.UNAUTHENTICATED.withDescription(remedy));
      return;
    }
    ask()
        .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .whenComplete(
            (token, failure) -> {
              if (failure != null) {
                applier.fail(Status.UNAVAILABLE.withDescription("the token function failed: " + textOf(failure)));
                return;
              }
              Metadata headers = new Metadata();
              headers.put(AUTHORIZATION, "Bearer " + token);
              applier.apply(headers);
            });
  }

  /** Calls the function on a thread of its own, since it may block, unless it runs already. */
  private synchronized CompletableFuture<String> ask() {
    if (running.isDone()) running = CompletableFuture.supplyAsync(() -> checked(source.get()), Token::startThread);
    // The copy may time out alone.
    return running.copy();
  }

  private static void startThread(Runnable task) {
    Thread thread = new Thread(task, "ate-dispatcher-token");
    thread.setDaemon(true);
    thread.start();
  }

  private static String textOf(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    if (cause instanceof TimeoutException) return "it did not return within " + TIMEOUT_SECONDS + " s";
    return Failures.textOf(cause);
  }

  /** Returns the token. Throws IllegalArgumentException, without its text, if it cannot be sent. */
  private static String checked(String token) {
    if (token == null || token.isEmpty()) throw new IllegalArgumentException("the token is empty");
    if (!token.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw new IllegalArgumentException(
          "the token has a space, a line end or another character that is not printable ASCII; trim it");
    }
    return token;
  }

  private static boolean isProtected(RequestInfo call) {
    return call.getSecurityLevel() == SecurityLevel.PRIVACY_AND_INTEGRITY
        || call.getTransportAttrs().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress address
            && address.getAddress().isLoopbackAddress();
  }
}
