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

/** Answers the requests on its topics by a handler. */
public final class Producer extends Peer<ProduceRequest, ProduceResponse> {
  private static final long DRAIN_SECONDS = 30;

  /** Answers one assignment. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Returns a JSON value, see {@link Json#of}. An exception becomes an error result, and the producer continues. The
     * thread is interrupted when the assignment is revoked or its session ends.
     */
    Object answer(Assignment assignment) throws Exception;
  }

  private final Hello hello;
  private final Handler handler;
  private final ExecutorService handlerThreads;
  private final Map<String, Future<?>> outstanding = new HashMap<>();
  private StreamObserver<ProduceRequest> requests;

  /**
   * Creates a producer that {@link #start} connects.
   *
   * @param target address of the dispatcher, such as {@code 127.0.0.1:50051}
   * @param id 1 to 128 printable ASCII characters; a newer session with the same id replaces an older one
   * @param topics topics or patterns of topics
   * @param concurrency how many handlers may run at a time; further assignments wait at the dispatcher
   */
  public Producer(String target, String id, List<String> topics, int concurrency, Handler handler) {
    super(target);
    this.handler = handler;
    handlerThreads = Executors.newFixedThreadPool(concurrency);
    Hello.Builder hello = Hello.newBuilder().setProducerId(id).setMaxOutstanding(concurrency);
    for (String topic : topics) hello.addRegistrations(Registration.newBuilder().setTopic(topic));
    this.hello = hello.build();
  }

  @Override
  void open(DispatcherServiceStub stub, ClientResponseObserver<ProduceRequest, ProduceResponse> responses) {
    requests = stub.produce(responses);
    send(ProducerMessage.newBuilder().setHello(hello));
  }

  @Override
  void receive(ProduceResponse response) {
    for (DispatcherMessage message : response.getMessagesList()) {
      switch (message.getMessageCase()) {
        case WELCOME -> {
          setHeartbeatInterval(message.getWelcome().getHeartbeatInterval());
          setLive();
        }
        case HEARTBEAT -> setHeartbeatInterval(message.getHeartbeat().getInterval());
        case ASSIGNMENT -> assign(message.getAssignment());
        case REVOCATION -> message.getRevocation().getAssignmentIdsList().forEach(this::revoke);
        // Drained needs no handling, because the server ends the stream after it. Unknown messages are ignored.
        default -> {}
      }
    }
  }

  /** Revokes the outstanding assignments: no later session can answer them. */
  @Override
  void lost(Status status) {
    requests = null;
    List.copyOf(outstanding.keySet()).forEach(this::revoke);
  }

  /** Drains: accepts no new assignments and answers the outstanding ones, for at most 30 s. Then closes. */
  @Override
  public void close() {
    boolean isConnected = expectEnd();
    synchronized (this) {
      if (isConnected) send(ProducerMessage.newBuilder().setDrain(Drain.getDefaultInstance()));
    }
    if (isConnected) awaitEnd();
    super.close();
    handlerThreads.shutdownNow();
  }

  private void assign(Assignment assignment) {
    StreamObserver<ProduceRequest> stream = requests;
    outstanding.put(assignment.getAssignmentId(), handlerThreads.submit(() -> answer(assignment, stream)));
  }

  private void answer(Assignment assignment, StreamObserver<ProduceRequest> stream) {
    Result result;
    try {
      result = Result.newBuilder().setValue(Json.of(handler.answer(assignment))).build();
    } catch (Throwable e) {
      // Errors are caught, too: otherwise the caller would wait for a result that cannot arrive.
      result = Result.newBuilder().setError(error(e)).build();
    }
    synchronized (this) {
      // The result is dropped if the assignment was revoked or its stream has ended. On another stream, the id is
      // unknown or belongs to another assignment.
      if (stream != requests || outstanding.remove(assignment.getAssignmentId()) == null) return;
      Reply.Builder reply = Reply.newBuilder().setAssignmentId(assignment.getAssignmentId()).setResult(result);
      send(ProducerMessage.newBuilder().setReply(reply));
    }
  }

  private void revoke(String assignmentId) {
    Future<?> handlerRun = outstanding.remove(assignmentId);
    if (handlerRun != null) handlerRun.cancel(true);
  }

  private void send(ProducerMessage.Builder message) {
    if (requests != null) requests.onNext(ProduceRequest.newBuilder().addMessages(message).build());
  }

  private void awaitEnd() {
    try {
      ended().get(DRAIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // The drain has failed or taken too long, so close ends the session.
    }
  }

  private static com.google.rpc.Status error(Throwable e) {
    String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
    return com.google.rpc.Status.newBuilder().setCode(Code.UNKNOWN_VALUE).setMessage(message).build();
  }
}
