import { createDeferred, type Deferred } from "../async/deferred.js";
import { type DispatcherError, errorOfStatus } from "../errors.js";
import type { Fault, ProducerMessage, Registration } from "../gen/ate/dispatcher/v1/producer.js";
import { itemBytes, partsOf } from "../wire/message-parts.js";

interface Change {
  readonly message: NonNullable<ProducerMessage["message"]>;
  readonly apply: () => void;
  readonly done: Deferred<void>;
}

/**
 * The registrations of a producer, across reconnects.
 *
 * Confirmed registrations are part of the next Hello, and of Register messages after Welcome if they do not fit. Changes
 * that the server has not answered are sent again after the next Welcome. In a Hello, a rejected topic would end the
 * session; in a later message it is only a Fault.
 */
export class Registrations {
  readonly #groups = new Map<string, string>();
  readonly #changes = new Map<string, Change>();
  /** The registrations that did not fit into Hello, by the correlation id of their message. */
  readonly #following = new Map<string, ProducerMessage>();
  #lastId = 0;

  /** @param initial - the registrations in the first Hello. */
  constructor(initial: readonly Registration[]) {
    for (const { topic, group } of initial) this.#groups.set(topic, group);
  }

  /**
   * A stream begins. @returns the registrations for its Hello, as many as fit.
   *
   * @param helloBytes - the size of the Hello without registrations.
   */
  streamBegins(helloBytes: number): Registration[] {
    const current = [...this.#groups].map(([topic, group]) => ({ topic, group }));
    const [first = [], ...others] = partsOf(
      current,
      ({ topic, group }) => itemBytes(topic, group),
      helloBytes,
    );
    this.#following.clear();
    for (const registrations of others) {
      const correlationId = this.#nextId();
      const value = { registrations, correlationId };
      this.#following.set(correlationId, { message: { $case: "register", value } });
    }
    return first;
  }

  /** The messages to send after Welcome: the registrations that follow Hello, then changes without an answer. */
  unanswered(): ProducerMessage[] {
    return [...this.#following.values(), ...[...this.#changes.values()].map(({ message }) => ({ message }))];
  }

  /** Whether the server has confirmed all registrations that the stream began with. */
  get isComplete(): boolean {
    return this.#following.size === 0;
  }

  /** Whether a Fault refers to registrations that the stream began with. */
  isOfStream({ correlationId }: Fault): boolean {
    return this.#following.has(correlationId);
  }

  /** Adds a registration. @returns the message to send, and a promise that settles with the server's answer. */
  register(
    topic: string,
    group: string,
  ): { readonly message: ProducerMessage; readonly done: Promise<void> } {
    const correlationId = this.#nextId();
    const value = { registrations: [{ topic, group }], correlationId };
    return this.#add(correlationId, { $case: "register", value }, () => this.#groups.set(topic, group));
  }

  /** Removes a registration, from the next Hello too. @returns as {@link register}. */
  deregister(topic: string): { readonly message: ProducerMessage; readonly done: Promise<void> } {
    const correlationId = this.#nextId();
    this.#groups.delete(topic);
    const value = { topics: [topic], correlationId };
    return this.#add(correlationId, { $case: "deregister", value }, () => this.#groups.delete(topic));
  }

  /** Applies a change that the server confirmed. Unknown ids are ignored: they belong to an earlier session. */
  confirmed(correlationId: string): void {
    this.#following.delete(correlationId);
    const change = this.#take(correlationId);
    change?.apply();
    change?.done.resolve();
  }

  /** Rejects the change that a Fault refers to. @returns false if it refers to something else. */
  rejected({ correlationId, status }: Fault): boolean {
    const change = this.#take(correlationId);
    change?.done.reject(errorOfStatus(status));
    return change !== undefined;
  }

  /** Rejects the pending changes, after which no answer can arrive. */
  abandon(error: DispatcherError): void {
    for (const { done } of this.#changes.values()) done.reject(error);
    this.#changes.clear();
  }

  #nextId(): string {
    this.#lastId += 1;
    return this.#lastId.toString(36);
  }

  #add(correlationId: string, message: Change["message"], apply: () => void) {
    const change: Change = { message, apply, done: createDeferred<void>() };
    this.#changes.set(correlationId, change);
    return { message: { message }, done: change.done.promise };
  }

  #take(correlationId: string): Change | undefined {
    const change = this.#changes.get(correlationId);
    this.#changes.delete(correlationId);
    return change;
  }
}
