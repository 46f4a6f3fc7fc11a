package io.github.atedispatcher.example;

import com.google.rpc.Code;
import io.github.atedispatcher.v1.Assignment;
import io.github.atedispatcher.v1.DispatcherMessage;
import io.github.atedispatcher.v1.DispatcherServiceGrpc.DispatcherServiceStub;
import io.github.atedispatcher.v1.Drain;
import io.github.atedispatcher.v1.Hello;
import io.github.atedispatcher.v1.ProduceRequest;
import io.github.atedispatcher.v1.ProduceResponse;
import io.github.atedispatcher.v1.ProducerMessage;
import io.github.atedispatcher.v1.Registration;
import io.github.atedispatcher.v1.Reply;
import io.github.atedispatcher.v1.Result;
import io.grpc.Status;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Answers what is asked on its topics, each time by a handler. */
public final class Producer extends Session<ProduceRequest, ProduceResponse> {
  private static final long DRAIN_SECONDS = 30;

  /** Answers one assignment. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Returns a JSON value, see {@link Json#of}. What is thrown becomes an error result, and the producer lives on. The
     * thread is interrupted when the answer is wanted no longer.
     */
    Object answer(Assignment assignment) throws Exception;
  }

  private final Hello hello;
  private final Handler handler;
  private final ExecutorService workers;
  private final Map<String, Future<?>> owed = new HashMap<>();
  private StreamObserver<ProduceRequest> outgoing;

  /**
   * Makes a producer that {@link #start} opens.
   *
   * @param target where the dispatcher is, such as {@code 127.0.0.1:50051}
   * @param id whose newest session replaces an older one
   * @param topics topics or patterns of topics
   * @param concurrency how many handlers run at a time; the rest waits at the dispatcher, within its TTL
   */
  public Producer(String target, String id, List<String> topics, int concurrency, Handler handler) {
    super(target);
    this.handler = handler;
    workers = Executors.newFixedThreadPool(concurrency);
    Hello.Builder hello = Hello.newBuilder().setProducerId(id).setMaxOutstanding(concurrency);
    for (String topic : topics) hello.addRegistrations(Registration.newBuilder().setTopic(topic));
    this.hello = hello.build();
  }

  @Override
  void open(DispatcherServiceStub stub, ClientResponseObserver<ProduceRequest, ProduceResponse> responses) {
    outgoing = stub.produce(responses);
    say(ProducerMessage.newBuilder().setHello(hello));
  }

  @Override
  void take(ProduceResponse response) {
    for (DispatcherMessage message : response.getMessagesList()) {
      switch (message.getMessageCase()) {
        case WELCOME -> {
          heartbeatsEvery(message.getWelcome().getHeartbeatInterval());
          live();
        }
        case HEARTBEAT -> heartbeatsEvery(message.getHeartbeat().getInterval());
        case ASSIGNMENT -> begin(message.getAssignment());
        case REVOCATION -> message.getRevocation().getAssignmentIdsList().forEach(this::revoke);
        // Drained is followed by the end of the stream; an older client skips what it does not know.
        default -> {}
      }
    }
  }

  /** What the lost session owed is nobody's any more. */
  @Override
  void lost(Status status) {
    outgoing = null;
    List.copyOf(owed.keySet()).forEach(this::revoke);
  }

  /** Leaves in good order: takes no new work, answers what it owes, for 30 s at most. */
  @Override
  public void close() {
    boolean isConnected = expectEnd();
    synchronized (this) {
      if (isConnected) say(ProducerMessage.newBuilder().setDrain(Drain.getDefaultInstance()));
    }
    if (isConnected) awaitEnd();
    super.close();
    workers.shutdownNow();
  }

  private void begin(Assignment assignment) {
    StreamObserver<ProduceRequest> asker = outgoing;
    owed.put(assignment.getAssignmentId(), workers.submit(() -> answer(assignment, asker)));
  }

  private void answer(Assignment assignment, StreamObserver<ProduceRequest> asker) {
    Result result;
    try {
      result = Result.newBuilder().setValue(Json.of(handler.answer(assignment))).build();
    } catch (Throwable e) {
      // Errors, too: the caller shall not wait for what cannot come.
      result = Result.newBuilder().setError(error(e)).build();
    }
    synchronized (this) {
      // Revoked, or asked on a stream that is gone: there, the id means nothing or something else.
      if (asker != outgoing || owed.remove(assignment.getAssignmentId()) == null) return;
      Reply.Builder reply = Reply.newBuilder().setAssignmentId(assignment.getAssignmentId()).setResult(result);
      say(ProducerMessage.newBuilder().setReply(reply));
    }
  }

  private void revoke(String assignmentId) {
    Future<?> work = owed.remove(assignmentId);
    if (work != null) work.cancel(true);
  }

  private void say(ProducerMessage.Builder message) {
    if (outgoing != null) outgoing.onNext(ProduceRequest.newBuilder().addMessages(message).build());
  }

  private void awaitEnd() {
    try {
      ended().get(DRAIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // It is closed without them.
    }
  }

  private static com.google.rpc.Status error(Throwable e) {
    String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
    return com.google.rpc.Status.newBuilder().setCode(Code.UNKNOWN_VALUE).setMessage(message).build();
  }
}
