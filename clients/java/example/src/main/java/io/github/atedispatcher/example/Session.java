package io.github.atedispatcher.example;

import com.google.protobuf.Duration;
import io.github.atedispatcher.v1.DispatcherServiceGrpc;
import io.github.atedispatcher.v1.DispatcherServiceGrpc.DispatcherServiceStub;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
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
 * A long stream that is opened anew, after a pause, whenever it ends, until it is closed or refused for good. One that
 * is silent for more than twice the heartbeat's interval is taken for dead and gets a new connection, since gRPC would
 * go on using a half-open one.
 *
 * <p>Everything happens while this object's monitor is held; what waits for a slow consumer is the stream alone.
 */
abstract class Session<RequestT, ResponseT> implements AutoCloseable {
  /** What a further try would get again. ABORTED: another session with the same id took over. */
  private static final Set<Status.Code> FINAL =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.UNAUTHENTICATED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNIMPLEMENTED,
          Status.Code.ABORTED);

  /** How long the first message may take, and what is assumed before the server has told its interval. */
  private static final long DEFAULT_INTERVAL_MS = 20_000;

  private static final long CHECKS_PER_INTERVAL = 4;

  private final String target;
  private final ScheduledExecutorService timer = newTimer();
  private final Backoff backoff = new Backoff();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private CompletableFuture<Void> ready = new CompletableFuture<>();
  private ManagedChannel channel;
  private Attempt attempt;
  private boolean isClosing;

  /** Makes a session that {@link #start} opens. */
  Session(String target) {
    this.target = target;
  }

  /** Opens the stream, and says what comes first. Called for every connection. */
  abstract void open(DispatcherServiceStub stub, ClientResponseObserver<RequestT, ResponseT> responses);

  /** Takes a message; the first one makes the session live. */
  abstract void take(ResponseT response);

  /** The stream is gone, and with it what was under way. */
  abstract void lost(Status status);

  /** Connects, without waiting for it. */
  public final synchronized void start() {
    if (channel != null) throw new IllegalStateException("it was started already");
    channel = connection();
    connect();
  }

  /** Waits until the session is live, again after a loss. Fails with the status that ended it for good. */
  public final void ready() {
    CompletableFuture<Void> awaited;
    synchronized (this) {
      awaited = ready;
    }
    join(awaited);
  }

  /** Waits for the end. Fails with the status if it was not {@link #close}. */
  public final void join() {
    join(ended);
  }

  /** What {@link #join} waits for. */
  final CompletableFuture<Void> ended() {
    return ended;
  }

  /** Ends the session; connects no more. */
  @Override
  public void close() {
    synchronized (this) {
      isClosing = true;
      if (attempt != null) attempt.cancel("closed");
    }
    end(Status.OK);
  }

  /** From now on the end of the stream is the end of the session. */
  final synchronized boolean expectEnd() {
    isClosing = true;
    return attempt != null;
  }

  /** The session is live: the next pause is a short one. */
  final void live() {
    backoff.reset();
    ready.complete(null);
  }

  /** The server's heartbeats come at this interval. */
  final void heartbeatsEvery(Duration interval) {
    if (attempt != null) attempt.watch(interval.getSeconds() * 1_000 + interval.getNanos() / 1_000_000);
  }

  private synchronized void connect() {
    if (isClosing) return;
    attempt = new Attempt();
    attempt.watch(DEFAULT_INTERVAL_MS);
    open(DispatcherServiceGrpc.newStub(channel), attempt);
  }

  private void over(Status status) {
    attempt = null;
    if (ready.isDone()) ready = new CompletableFuture<>();
    lost(status);
    if (isClosing || FINAL.contains(status.getCode())) end(isClosing ? Status.OK : status);
    else timer.schedule(this::connect, backoff.next().toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void end(Status status) {
    isClosing = true;
    timer.shutdownNow();
    if (channel != null) channel.shutdownNow();
    if (status.isOk()) ended.complete(null);
    else ended.completeExceptionally(status.asRuntimeException());
    ready.completeExceptionally(status.isOk() ? Status.CANCELLED.asRuntimeException() : status.asRuntimeException());
  }

  private ManagedChannel connection() {
    return ManagedChannelBuilder.forTarget(target)
        .usePlaintext()
        // Where there is no stream to watch, such as while connecting.
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

  /** One stream. What a stream says that is not the newest is ignored. */
  private final class Attempt implements ClientResponseObserver<RequestT, ResponseT> {
    private ClientCallStreamObserver<RequestT> call;
    private Future<?> watchdog;
    private long intervalMs;
    private long heardAt = System.nanoTime();

    @Override
    public void beforeStart(ClientCallStreamObserver<RequestT> call) {
      this.call = call;
    }

    @Override
    public void onNext(ResponseT response) {
      synchronized (Session.this) {
        if (attempt != this) return;
        take(response);
        // A consumer that takes its time is no silence of the server's.
        heardAt = System.nanoTime();
      }
    }

    @Override
    public void onError(Throwable error) {
      finish(Status.fromThrowable(error));
    }

    @Override
    public void onCompleted() {
      finish(Status.OK);
    }

    void watch(long intervalMs) {
      if (intervalMs <= 0 || intervalMs == this.intervalMs) return;
      this.intervalMs = intervalMs;
      if (watchdog != null) watchdog.cancel(false);
      long period = Math.max(1, intervalMs / CHECKS_PER_INTERVAL);
      watchdog = timer.scheduleAtFixedRate(this::check, period, period, TimeUnit.MILLISECONDS);
    }

    void cancel(String why) {
      watchdog.cancel(false);
      if (call != null) call.cancel(why, null);
    }

    private void check() {
      synchronized (Session.this) {
        if (attempt != this || System.nanoTime() - heardAt <= 2 * intervalMs * 1_000_000) return;
        channel.shutdownNow();
        channel = connection();
        finish(Status.UNAVAILABLE.withDescription("no heartbeat for twice its interval"));
      }
    }

    private void finish(Status status) {
      synchronized (Session.this) {
        if (attempt != this) return;
        watchdog.cancel(false);
        over(status);
      }
    }
  }
}
