import { createDeferred, type Deferred } from "./deferred.js";
import { type DispatcherError, errorOfStatus } from "./errors.js";
import type { Fault, ProducerMessage, Registration } from "./gen/ate/dispatcher/v1/producer.js";

interface Change {
  readonly message: NonNullable<ProducerMessage["message"]>;
  readonly apply: () => void;
  readonly done: Deferred<void>;
}

/**
 * What a producer is registered on, across reconnects.
 *
 * What the server has confirmed goes into the next Hello. What it has not
 * answered is sent again after the next Welcome, so that a refused topic is a
 * Fault and not the end of the session.
 */
export class Registrations {
  readonly #groups = new Map<string, string>();
  readonly #changes = new Map<string, Change>();
  #lastId = 0;

  /** @param initial - registrations that are part of the first Hello. */
  constructor(initial: readonly Registration[]) {
    for (const { topic, group } of initial) this.#groups.set(topic, group);
  }

  /** What the next Hello registers. */
  current(): Registration[] {
    return [...this.#groups].map(([topic, group]) => ({ topic, group }));
  }

  /** What was said and not answered, in order. */
  unanswered(): ProducerMessage[] {
    return [...this.#changes.values()].map(({ message }) => ({ message }));
  }

  /** Notes that a topic is to be joined; `done` settles with the server's answer. */
  register(
    topic: string,
    group: string,
  ): { readonly message: ProducerMessage; readonly done: Promise<void> } {
    const correlationId = this.#nextId();
    const value = { registrations: [{ topic, group }], correlationId };
    return this.#add(correlationId, { $case: "register", value }, () => this.#groups.set(topic, group));
  }

  /** Notes that a topic is to be left; from now on no Hello registers it. */
  deregister(topic: string): { readonly message: ProducerMessage; readonly done: Promise<void> } {
    const correlationId = this.#nextId();
    this.#groups.delete(topic);
    const value = { topics: [topic], correlationId };
    return this.#add(correlationId, { $case: "deregister", value }, () => this.#groups.delete(topic));
  }

  /** The server confirmed a change. Unknown ids are ignored: they answered another session. */
  confirmed(correlationId: string): void {
    const change = this.#take(correlationId);
    change?.apply();
    change?.done.resolve();
  }

  /** The server refused something; false if it was none of these changes. */
  refused({ correlationId, status }: Fault): boolean {
    const change = this.#take(correlationId);
    change?.done.reject(errorOfStatus(status));
    return change !== undefined;
  }

  /** There will be no further answer. */
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
