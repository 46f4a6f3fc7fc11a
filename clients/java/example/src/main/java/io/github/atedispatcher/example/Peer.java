package io.github.atedispatcher.example;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.DispatcherServiceGrpc.DispatcherServiceStub;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A producer or listener: opens one session after the other, with backoff, until it is closed or no retry can succeed.
 * It waits longer if the server asks for that.
 *
 * <p>A session that is silent for more than twice the heartbeat interval is considered dead. The next one gets a new
 * connection, because gRPC would continue to use a half-open one.
 *
 * <p>This object's monitor guards all state and is held during callbacks. A slow callback therefore blocks the stream,
 * and flow control makes the server wait.
 */
abstract class Peer<RequestT, ResponseT> implements AutoCloseable {
  /**
   * Codes with which every further session would end. ABORTED: a newer session with the same id replaced this one.
   * UNAUTHENTICATED is not final if a function returns the token.
   */
  private static final Set<Status.Code> FINAL_CODES =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNIMPLEMENTED,
          Status.Code.ABORTED);

  /** Heartbeat interval until the server announces its own, so the first message may take twice as long: 20 s. */
  private static final long DEFAULT_INTERVAL_MS = 10_000;

  /** A longer interval than a day finds no dead connection, and could overflow. */
  private static final long MAX_INTERVAL_MS = 86_400_000;

  private static final long MIN_WARNING_INTERVAL_NANOS = 1_000_000_000;

  private static final long CHECKS_PER_INTERVAL = 4;

  private static final int MAX_CAUSES = 8;

  private final Endpoint endpoint;
  private final ScheduledExecutorService timer = newTimer();
  private final Backoff backoff = new Backoff();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private CompletableFuture<Void> ready = new CompletableFuture<>();
  private ManagedChannel channel;
  private Session session;
  private boolean isClosing;
  private long warnedAt = System.nanoTime() - MIN_WARNING_INTERVAL_NANOS;

  /** Creates a peer that {@link #start} connects. */
  Peer(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /** Opens the stream of a session and sends its first message. */
  abstract void open(DispatcherServiceStub stub, ClientResponseObserver<RequestT, ResponseT> responses);

  /** Handles one message of the current session. */
  abstract void receive(ResponseT response);

  /** Releases the state of a session that has ended. */
  abstract void lost(Status status);

  /** Starts to connect and returns at once. Throws IllegalStateException the second time, and after {@link #close}. */
  public final synchronized void start() {
    if (isClosing) throw new IllegalStateException("close was called already");
    if (channel != null) throw new IllegalStateException("start was called already");
    channel = newChannel();
    connect();
  }

  /** Waits until a session is live. Throws the status of the peer if no further session follows. */
  public final void ready() {
    CompletableFuture<Void> awaited;
    synchronized (this) {
      awaited = ready;
    }
    join(awaited);
  }

  /** Waits for the end of the peer. Throws its status unless {@link #close} ended it. */
  public final void join() {
    join(ended);
  }

  /** Completes at the end of the peer. */
  final CompletableFuture<Void> ended() {
    return ended;
  }

  /** Ends the session at once and opens no further one. */
  @Override
  public void close() {
    synchronized (this) {
      isClosing = true;
      if (session != null) session.cancel("closed");
    }
    end(Status.OK);
  }

  /** Makes the end of the current session the end of the peer. Returns whether there is a session. */
  final synchronized boolean expectEnd() {
    isClosing = true;
    return session != null;
  }

  /** Marks the session as live and resets the backoff. */
  final void setLive() {
    backoff.reset();
    ready.complete(null);
  }

  /** Sets the heartbeat interval that the server announced; 0 changes nothing. */
  final void setHeartbeatInterval(Duration interval) {
    if (session != null) session.watch(millis(interval));
  }

  /** Returns a duration of the server in milliseconds, at most a day. */
  private static long millis(Duration duration) {
    long seconds = Math.min(duration.getSeconds(), MAX_INTERVAL_MS / 1_000);
    return seconds * 1_000 + duration.getNanos() / 1_000_000;
  }

  private synchronized void connect() {
    if (isClosing) return;
    session = new Session();
    session.watch(DEFAULT_INTERVAL_MS);
    try {
      open(endpoint.withToken(DispatcherServiceGrpc.newStub(channel)), session);
    } catch (RuntimeException e) {
      session.fail(Status.fromThrowable(e), Duration.getDefaultInstance());
    }
  }

  /** Ends the current session, as if the server had ended it with this status. */
  final void fail(com.google.rpc.Status status) {
    if (session != null) {
      session.fail(StatusProto.toStatusRuntimeException(status).getStatus(), retryDelay(status));
    }
  }

  /** Returns how long the server asks to wait in this status; 0 if it does not say. */
  private static Duration retryDelay(com.google.rpc.Status status) {
    for (Any detail : status.getDetailsList()) {
      try {
        if (detail.is(RetryInfo.class)) return detail.unpack(RetryInfo.class).getRetryDelay();
      } catch (InvalidProtocolBufferException e) {
        // A delay that cannot be read is none.
      }
    }
    return Duration.getDefaultInstance();
  }

  private void sessionEnded(Status status, Duration retryDelay) {
    session = null;
    if (ready.isDone()) ready = new CompletableFuture<>();
    lost(status);
    if (isClosing || isFinal(status.getCode())) {
      end(isClosing ? Status.OK : status);
      return;
    }
    if (System.nanoTime() - warnedAt >= MIN_WARNING_INTERVAL_NANOS) {
      warnedAt = System.nanoTime();
      Failures.warn("not connected to " + endpoint.target() + ": " + describe(status));
    }
    timer.schedule(this::connect, Math.max(backoff.next().toMillis(), millis(retryDelay)), TimeUnit.MILLISECONDS);
  }

  private boolean isFinal(Status.Code code) {
    boolean isRenewed = endpoint.token() != null && endpoint.token().isRenewed();
    return FINAL_CODES.contains(code) && !(code == Status.Code.UNAUTHENTICATED && isRenewed);
  }

  private synchronized void end(Status status) {
    isClosing = true;
    timer.shutdownNow();
    if (channel != null) channel.shutdownNow();
    if (status.isOk()) ended.complete(null);
    else ended.completeExceptionally(status.asRuntimeException());
    ready.completeExceptionally(status.isOk() ? Status.CANCELLED.asRuntimeException() : status.asRuntimeException());
  }

  /** Returns the status with its causes: why a TLS handshake failed is only there. */
  static String describe(Status status) {
    StringBuilder text = new StringBuilder(status.getCode().name());
    if (status.getDescription() != null) text.append(": ").append(status.getDescription());
    int depth = 0;
    for (Throwable cause = status.getCause(); cause != null && depth < MAX_CAUSES; cause = cause.getCause()) {
      text.append("; ").append(Failures.textOf(cause));
      depth++;
    }
    return text.toString();
  }

  private ManagedChannel newChannel() {
    return endpoint.newChannel()
        // Keepalive covers the times without heartbeats, such as unary calls.
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  private static void join(CompletableFuture<Void> future) {
    try {
      future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) throw cause;
      throw e;
    }
  }

  private static ScheduledExecutorService newTimer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "ate-dispatcher-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /** One stream. Messages of a stream that is not the current one are ignored. */
  private final class Session implements ClientResponseObserver<RequestT, ResponseT> {
    private ClientCallStreamObserver<RequestT> call;
    private Future<?> watchdog;
    private long intervalMs;
    private long lastMessageAt = System.nanoTime();

    @Override
    public void beforeStart(ClientCallStreamObserver<RequestT> call) {
      this.call = call;
    }

    @Override
    public void onNext(ResponseT response) {
      synchronized (Peer.this) {
        if (session != this) return;
        receive(response);
        // The time is taken after the callback, so that a slow callback does not count as silence of the server.
        lastMessageAt = System.nanoTime();
      }
    }

    @Override
    public void onError(Throwable error) {
      com.google.rpc.Status details = StatusProto.fromThrowable(error);
      finish(Status.fromThrowable(error), details == null ? Duration.getDefaultInstance() : retryDelay(details));
    }

    @Override
    public void onCompleted() {
      finish(Status.OK, Duration.getDefaultInstance());
    }

    void watch(long intervalMs) {
      if (intervalMs <= 0 || intervalMs == this.intervalMs) return;
      this.intervalMs = intervalMs;
      if (watchdog != null) watchdog.cancel(false);
      long period = Math.max(1, intervalMs / CHECKS_PER_INTERVAL);
      watchdog = timer.scheduleAtFixedRate(this::check, period, period, TimeUnit.MILLISECONDS);
    }

    void fail(Status status, Duration retryDelay) {
      cancel("failed");
      finish(status, retryDelay);
    }

    void cancel(String why) {
      watchdog.cancel(false);
      if (call != null) call.cancel(why, null);
    }

    private void check() {
      synchronized (Peer.this) {
        if (session != this || System.nanoTime() - lastMessageAt <= 2 * intervalMs * 1_000_000) return;
        channel.shutdownNow();
        channel = newChannel();
        finish(
            Status.UNAVAILABLE.withDescription("no message for twice the heartbeat interval"),
            Duration.getDefaultInstance());
      }
    }

    private void finish(Status status, Duration retryDelay) {
      synchronized (Peer.this) {
        if (session != this) return;
        watchdog.cancel(false);
        sessionEnded(status, retryDelay);
      }
    }
  }
}
