import type { Acceptance } from "./acceptance.js";
import { Connection, type ConnectionOptions } from "./connection.js";
import type { Gather } from "./gather.js";
import {
  DispatcherServiceService,
  UpdateListenerRequest,
  UpdateListenerResponse,
} from "./gen/ate/dispatcher/v1/dispatcher_service.js";
import { type Introspection, Introspector } from "./introspection.js";
import { ListenerSession } from "./listener.js";
import type { Listener, ListenerOptions } from "./listener-options.js";
import { ProducerSession } from "./producer.js";
import {
  type CloseOptions,
  DEFAULT_GRACE_MS,
  type Producer,
  type ProducerOptions,
} from "./producer-options.js";
import type { GatherOptions, RequestOptions } from "./request-options.js";
import { Requester } from "./requester.js";
import type { Summary } from "./summary.js";

/** A connection to a dispatcher. All errors are DispatcherErrors. */
export interface DispatcherClient {
  /** Shows what the dispatcher holds and does. */
  readonly introspect: Introspection;
  /**
   * Scatters a request; its results go to the topic's listeners. Resolves as soon
   * as the dispatcher has taken it.
   *
   * Rejects with INVALID_ARGUMENT (naming the field), FAILED_PRECONDITION (reason
   * NO_PRODUCERS, with FAIL), ALREADY_EXISTS (the id was used with other content),
   * RESOURCE_EXHAUSTED (retry after `retryDelayMs`), CANCELLED (by the signal), or
   * UNAVAILABLE; after the latter, whether it was taken is unknown, and a retry
   * with the same `requestId` is safe.
   */
  dispatch(topic: string, options?: RequestOptions): Promise<Acceptance>;
  /** Says who would be asked; nothing is scattered. Rejects as {@link dispatch} does. */
  validate(topic: string, options?: RequestOptions): Promise<Acceptance>;
  /** Scatters a request and gathers its results. Never throws: what goes wrong is told by the gather. */
  gather(topic: string, options?: GatherOptions): Gather;
  /** Ends a request and says how it ended. Rejects with NOT_FOUND if no such request is pending or remembered. */
  cancelRequest(requestId: string): Promise<Summary>;
  /**
   * Changes the topics of a connected listener, of whatever program.
   *
   * @returns all its topics and patterns then. Rejects with NOT_FOUND if it is not connected.
   */
  updateListener(listenerId: string, change: TopicsUpdate): Promise<readonly string[]>;
  /** Connects a producer. @throws {DispatcherError} INVALID_ARGUMENT if an option is malformed. */
  createProducer(options: ProducerOptions): Producer;
  /** Connects a listener. @throws {DispatcherError} INVALID_ARGUMENT if a topic is malformed. */
  createListener(options: ListenerOptions): Listener;
  /** Resolves once connected. Rejects with DEADLINE_EXCEEDED after `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void>;
  /**
   * Ends what was made from this client: producers drain, listeners and watches
   * end, requests on their way are finished, all within the grace; then closes the
   * channel.
   * Never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Topics or patterns to add to, and to remove from, a listener. */
export interface TopicsUpdate {
  /** Adding one twice is no mistake. */
  readonly add?: readonly string[];
  /** Removing one that was never added is no mistake. */
  readonly remove?: readonly string[];
}

/**
 * Makes a client. It connects at the first use, and reconnects by itself; an open
 * client keeps the process alive once it was used.
 *
 * @throws {DispatcherError} INVALID_ARGUMENT if an option is malformed.
 */
export function createClient(options: ConnectionOptions = {}): DispatcherClient {
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

  cancelRequest(requestId: string): Promise<Summary> {
    return this.#requester.cancel(requestId);
  }

  updateListener(listenerId: string, { add = [], remove = [] }: TopicsUpdate): Promise<readonly string[]> {
    return this.#connection.call(
      DispatcherServiceService.updateListener.path,
      UpdateListenerRequest.encode({ listenerId, addTopics: add, removeTopics: remove }).finish(),
      (response) => UpdateListenerResponse.decode(response).topics,
    );
  }

  createProducer(options: ProducerOptions): Producer {
    return this.#own(new ProducerSession(this.#connection, options));
  }

  createListener(options: ListenerOptions): Listener {
    return this.#own(new ListenerSession(this.#connection, options));
  }

  waitForReady(timeoutMs: number): Promise<void> {
    return this.#connection.waitForReady(timeoutMs);
  }

  async close({ graceMs = DEFAULT_GRACE_MS }: CloseOptions = {}): Promise<void> {
    const sessions = [...this.#sessions].map((session) => session.close({ graceMs }));
    await Promise.all([...sessions, this.#requester.close(graceMs), this.#introspector.close()]);
    this.#connection.close();
  }

  #own<T extends Producer | Listener>(session: T): T {
    this.#sessions.add(session);
    const forget = () => void this.#sessions.delete(session);
    session.closed.then(forget, forget);
    return session;
  }
}
