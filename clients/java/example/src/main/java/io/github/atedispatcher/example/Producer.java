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
import io.github.atedispatcher.v1.Register;
import io.github.atedispatcher.v1.Registration;
import io.github.atedispatcher.v1.Reply;
import io.github.atedispatcher.v1.Result;
import io.grpc.Status;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Answers the requests on its topics by a handler. */
public final class Producer extends Peer<ProduceRequest, ProduceResponse> {
  private static final long DRAIN_SECONDS = 30;

  /** Bounds the encoded size of a reply without its result. */
  private static final int REPLY_OVERHEAD = 256;

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
  private final List<Register> rest = new ArrayList<>();
  private final Handler handler;
  private final ThreadPoolExecutor handlerThreads;
  private final Map<String, Future<?>> outstanding = new HashMap<>();
  private final Set<String> unconfirmed = new HashSet<>();
  private StreamObserver<ProduceRequest> requests;
  private volatile long maxMessageBytes;

  /**
   * Creates a producer that {@link #start} connects.
   *
   * @param target address of the dispatcher, such as {@code 127.0.0.1:50051}
   * @param id 1 to 128 printable ASCII characters; a newer session with the same id replaces an older one
   * @param topics topics or patterns of topics
   * @param concurrency how many handlers may run at a time; further assignments wait at the dispatcher
   */
  public Producer(String target, String id, List<String> topics, int concurrency, Handler handler) {
    this(Endpoint.clear(target), id, topics, concurrency, handler);
  }

  /** Creates a producer that connects with TLS or a token. */
  public Producer(Endpoint endpoint, String id, List<String> topics, int concurrency, Handler handler) {
    super(endpoint);
    Parts.check(id, topics);
    this.handler = handler;
    handlerThreads =
        new ThreadPoolExecutor(
            concurrency, concurrency, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), HandlerThread::new);
    // What does not fit into Hello follows in Register messages.
    List<Registration> all =
        topics.stream().map(topic -> Registration.newBuilder().setTopic(topic).build()).toList();
    List<List<Registration>> parts = Parts.of(all, Registration::getSerializedSize);
    hello =
        Hello.newBuilder().setProducerId(id).setMaxOutstanding(concurrency).addAllRegistrations(parts.get(0)).build();
    for (int i = 1; i < parts.size(); i++) {
      rest.add(Register.newBuilder().setCorrelationId("hello-" + i).addAllRegistrations(parts.get(i)).build());
    }
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
          maxMessageBytes = message.getWelcome().getMaxMessageBytes();
          for (Register part : rest) {
            unconfirmed.add(part.getCorrelationId());
            send(ProducerMessage.newBuilder().setRegister(part));
          }
          if (unconfirmed.isEmpty()) setLive();
        }
        case REGISTERED -> {
          if (unconfirmed.remove(message.getRegistered().getCorrelationId()) && unconfirmed.isEmpty()) setLive();
        }
        case FAULT -> {
          // In Hello, a refused registration would have ended the session, too.
          if (unconfirmed.contains(message.getFault().getCorrelationId())) {
            fail(message.getFault().getStatus());
            return;
          }
          Failures.warn("the dispatcher rejected a message: " + message.getFault().getStatus().getMessage());
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
    unconfirmed.clear();
    List.copyOf(outstanding.keySet()).forEach(this::revoke);
  }

  /**
   * Drains: accepts no new assignments and answers the outstanding ones, for at most 30 s. Then closes. In a handler of
   * this producer, close returns at once, because the drain waits for the handler.
   */
  @Override
  public void close() {
    if (Thread.currentThread() instanceof HandlerThread own && own.owner() == this) {
      new Thread(this::drain, "ate-dispatcher-drain").start();
    } else {
      drain();
    }
  }

  private void drain() {
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
      if (maxMessageBytes > 0 && result.getSerializedSize() + REPLY_OVERHEAD > maxMessageBytes) {
        throw new IllegalStateException(
            "the result has " + result.getSerializedSize() + " bytes; the limit is " + maxMessageBytes);
      }
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
    if (handlerRun == null) return;
    handlerRun.cancel(true);
    // Otherwise the queue would grow without bound behind a handler that never returns.
    handlerThreads.remove((Runnable) handlerRun);
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
    return com.google.rpc.Status.newBuilder().setCode(Code.UNKNOWN_VALUE).setMessage(Failures.textOf(e)).build();
  }

  /** A thread that runs handlers of this producer. */
  private final class HandlerThread extends Thread {
    HandlerThread(Runnable task) {
      super(task, "ate-dispatcher-handler");
    }

    Producer owner() {
      return Producer.this;
    }
  }
}
