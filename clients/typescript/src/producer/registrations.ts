import { createDeferred, type Deferred } from "../async/deferred.js";
import { type DispatcherError, errorOfStatus } from "../errors.js";
import type { Fault, ProducerMessage, Registration } from "../gen/ate/dispatcher/v1/producer.js";

interface Change {
  readonly message: NonNullable<ProducerMessage["message"]>;
  readonly apply: () => void;
  readonly done: Deferred<void>;
}

/**
 * The registrations of a producer, across reconnects.
 *
 * Confirmed registrations are part of the next Hello. Changes that the server has not answered are sent again after
 * the next Welcome. In a Hello, a rejected topic would end the session; in a later message it is only a Fault.
 */
export class Registrations {
  readonly #groups = new Map<string, string>();
  readonly #changes = new Map<string, Change>();
  #lastId = 0;

  /** @param initial - the registrations in the first Hello. */
  constructor(initial: readonly Registration[]) {
    for (const { topic, group } of initial) this.#groups.set(topic, group);
  }

  /** The registrations for the next Hello. */
  current(): Registration[] {
    return [...this.#groups].map(([topic, group]) => ({ topic, group }));
  }

  /** The messages that the server has not answered, in order. */
  unanswered(): ProducerMessage[] {
    return [...this.#changes.values()].map(({ message }) => ({ message }));
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
