import { Connection, type ConnectionOptions } from "./connection/connection.js";
import { CONNECTION_TABLE } from "./connection/connection-rules.js";
import {
  DispatcherServiceService,
  UpdateListenerRequest,
  UpdateListenerResponse,
} from "./gen/ate/dispatcher/v1/dispatcher_service.js";
import { type Introspection, Introspector } from "./introspection/introspection.js";
import { ListenerSession } from "./listener/listener.js";
import type { Listener, ListenerOptions } from "./listener/listener-options.js";
import { LISTENER_TABLE, TOPICS_UPDATE_TABLE } from "./listener/listener-rules.js";
import { checkOptions, checkPresent, checkValue } from "./options/option-check.js";
import { TEXT, WAIT } from "./options/rules.js";
import { leaveHandler } from "./producer/handler-scope.js";
import { ProducerSession } from "./producer/producer.js";
import {
  type CloseOptions,
  DEFAULT_GRACE_MS,
  type Producer,
  type ProducerOptions,
} from "./producer/producer-options.js";
import { CLOSE_TABLE, PRODUCER_TABLE } from "./producer/producer-rules.js";
import type { Gather } from "./request/gather.js";
import type { CancelOptions, GatherOptions, RequestOptions } from "./request/request-options.js";
import { CANCEL_TABLE } from "./request/request-rules.js";
import { Requester } from "./request/requester.js";
import type { Acceptance } from "./values/acceptance.js";
import type { Summary } from "./values/summary.js";

/**
 * A connection to a dispatcher. All its errors are instances of DispatcherError. An option that is unknown, or whose value
 * is impossible, is refused with INVALID_ARGUMENT.
 */
export interface DispatcherClient {
  /** Read-only view of the dispatcher: topics, producers, listeners, requests and events. */
  readonly introspect: Introspection;
  /**
   * Scatters a request. Its results go to the topic's listeners. Resolves when the dispatcher accepts the request.
   *
   * Rejects with INVALID_ARGUMENT (naming the field), FAILED_PRECONDITION (reason NO_PRODUCERS, with
   * `noProducersAction: "FAIL"`), ALREADY_EXISTS (the request id is in use with other content), RESOURCE_EXHAUSTED
   * (retry after `retryDelayMs`), CANCELLED (the signal fired), or UNAVAILABLE. After UNAVAILABLE it is unknown
   * whether the dispatcher accepted the request; a retry with the same `requestId` is safe.
   */
  dispatch(topic: string, options?: RequestOptions): Promise<Acceptance>;
  /**
   * Checks a request and returns the targets that it would have, without sending it. Rejects as {@link dispatch}
   * does.
   */
  validate(topic: string, options?: RequestOptions): Promise<Acceptance>;
  /** Scatters a request and returns its gather. Never throws: errors are reported by the gather. */
  gather(topic: string, options?: GatherOptions): Gather;
  /**
   * Cancels a request by id, also one of another client. Resolves with its summary, which is the original one if the
   * request had ended already. Rejects with NOT_FOUND if the request is neither pending nor remembered, and with
   * PERMISSION_DENIED if it is another principal's and this client may not `administer` its topic.
   */
  cancelRequest(requestId: string, options?: CancelOptions): Promise<Summary>;
  /**
   * Changes the topics of any connected listener, also one of another client.
   *
   * @returns the listener's topics and patterns after the change. Rejects with NOT_FOUND if it is not connected.
   */
  updateListener(listenerId: string, change: TopicsUpdate): Promise<readonly string[]>;
  /**
   * Creates a producer and starts to connect it.
   *
   * @throws {DispatcherError} INVALID_ARGUMENT if an option is malformed.
   */
  createProducer(options: ProducerOptions): Producer;
  /**
   * Creates a listener and starts to connect it.
   *
   * @throws {DispatcherError} INVALID_ARGUMENT if a topic is malformed.
   */
  createListener(options: ListenerOptions): Listener;
  /** Resolves when the connection is established. Rejects with DEADLINE_EXCEEDED after `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void>;
  /**
   * Closes the client: drains its producers, closes its listeners and watches, waits for its pending requests, then
   * closes the connection. Whatever has not ended after `graceMs` is aborted. Rejects only if an option is malformed.
   *
   * A producer's handler may wait for it: the promise then resolves when everything else has ended.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Topics or patterns to add to a listener and to remove from it. */
export interface TopicsUpdate {
  /** Topics or patterns to add. A topic that the listener has already is ignored. Default: none. */
  readonly add?: readonly string[];
  /** Topics or patterns to remove. A topic that the listener does not have is ignored. Default: none. */
  readonly remove?: readonly string[];
}

/**
 * Creates a client. It connects on first use and reconnects automatically. A client that was used keeps the process
 * alive until it is closed.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT if an option is malformed.
 */
export function createClient(options: ConnectionOptions = {}): DispatcherClient {
  checkOptions(options, CONNECTION_TABLE, "options of createClient");
  return new Client(options);
}

class Client implements DispatcherClient {
  readonly #connection: Connection;
  readonly #requester: Requester;
  readonly #introspector: Introspector;
  readonly #sessions = new Set<Producer | Listener>();

  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options);
    this.#requester = new Requester(this.#connection);
    this.#introspector = new Introspector(this.#connection);
  }

  get introspect(): Introspection {
    return this.#introspector;
  }

  dispatch(topic: string, options: RequestOptions = {}): Promise<Acceptance> {
    return this.#requester.dispatch(topic, options);
  }

  validate(topic: string, options: RequestOptions = {}): Promise<Acceptance> {
    return this.#requester.validate(topic, options);
  }

  gather(topic: string, options: GatherOptions = {}): Gather {
    return this.#requester.gather(topic, options);
  }

  async cancelRequest(requestId: string, options: CancelOptions = {}): Promise<Summary> {
    checkValue(requestId, TEXT, "requestId");
    checkOptions(options, CANCEL_TABLE, "options of cancelRequest");
    return await this.#requester.cancel(requestId, options.principal);
  }

  async updateListener(listenerId: string, change: TopicsUpdate): Promise<readonly string[]> {
    checkValue(listenerId, TEXT, "listenerId");
    checkOptions(change, TOPICS_UPDATE_TABLE, "options of updateListener");
    const { add = [], remove = [] } = change;
    return await this.#connection.call(
      DispatcherServiceService.updateListener.path,
      UpdateListenerRequest.encode({ listenerId, addTopics: add, removeTopics: remove }).finish(),
      (response) => UpdateListenerResponse.decode(response).topics,
    );
  }

  createProducer(options: ProducerOptions): Producer {
    checkOptions(options, PRODUCER_TABLE, "options of a producer");
    checkPresent(options, ["topics", "handler"], PRODUCER_TABLE);
    return this.#register(new ProducerSession(this.#connection, options));
  }

  createListener(options: ListenerOptions): Listener {
    checkOptions(options, LISTENER_TABLE, "options of a listener");
    checkPresent(options, ["topics"], LISTENER_TABLE);
    return this.#register(new ListenerSession(this.#connection, options));
  }

  async waitForReady(timeoutMs: number): Promise<void> {
    checkValue(timeoutMs, WAIT, "timeoutMs");
    await this.#connection.waitForReady(timeoutMs);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    checkOptions(options, CLOSE_TABLE, "options of close");
    const { graceMs = DEFAULT_GRACE_MS } = options;
    this.#connection.beginClose();
    const sessions = [...this.#sessions];
    const isInsideHandler = leaveHandler();
    const others = Promise.all([
      ...sessions.map((session) => session.close({ graceMs })),
      this.#requester.close(graceMs),
      this.#introspector.close(),
    ]);
    const closed = Promise.allSettled([others, ...sessions.map((session) => session.closed)]).then(() =>
      this.#connection.close(),
    );
    // A handler that waited for all sessions would wait for its own answer.
    await (isInsideHandler ? others : closed);
  }

  #register<T extends Producer | Listener>(session: T): T {
    this.#sessions.add(session);
    const forget = () => void this.#sessions.delete(session);
    session.closed.then(forget, forget);
    return session;
  }
}
