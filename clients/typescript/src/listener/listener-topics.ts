import { createDeferred, type Deferred } from "../async/deferred.js";
import type { DispatcherError } from "../errors.js";
import type { TopicsChanged, TopicsUpdate } from "../gen/ate/dispatcher/v1/listener.js";
import { itemBytes, partsOf } from "../wire/message-parts.js";

interface Change {
  /** Topics that the server has not confirmed yet. */
  readonly unconfirmed: Set<string>;
  readonly isAddition: boolean;
  readonly done: Deferred<void>;
  /** Whether the first message of the current stream includes the change. */
  isInListen: boolean;
}

/** A change to send, and its completion. */
export interface TopicsChange {
  /** The messages to send; empty if the change has no effect. */
  readonly updates: readonly TopicsUpdate[];
  /** Resolves when the server confirms the change. */
  readonly done: Promise<void>;
}

/** The topics of a listener, across reconnects. */
export class ListenerTopics {
  readonly #wanted: Set<string>;
  #changes: Change[] = [];

  /** @param initial - topics or patterns. */
  constructor(initial: readonly string[]) {
    this.#wanted = new Set(initial);
  }

  /** The topics for the first message of the next stream. */
  current(): string[] {
    return [...this.#wanted];
  }

  /** Adds topics. */
  add(topics: readonly string[]): TopicsChange {
    const missing = topics.filter((topic) => !this.#wanted.has(topic) || this.#isPending(topic));
    for (const topic of topics) this.#wanted.add(topic);
    return this.#change(missing, true);
  }

  /** Removes topics. */
  remove(topics: readonly string[]): TopicsChange {
    const present = topics.filter((topic) => this.#wanted.has(topic) || this.#isPending(topic));
    for (const topic of topics) this.#wanted.delete(topic);
    return this.#change(present, false);
  }

  /** Records that a stream starts with the {@link current} topics. */
  streamBegins(): void {
    for (const change of this.#changes) change.isInListen = true;
  }

  /** Records that the stream is live, which confirms the topics that it started with. */
  streamIsLive(): void {
    for (const change of this.#changes) if (change.isInListen) change.unconfirmed.clear();
    this.#settle();
  }

  /** Applies a change that the server reports. It confirms a change of this listener, or is one of another client. */
  changed({ added, removed }: TopicsChanged): void {
    for (const topic of added) this.#confirm(topic, true);
    for (const topic of removed) this.#confirm(topic, false);
    this.#settle();
  }

  /** Rejects the pending changes, after which no confirmation can arrive. */
  abandon(error: DispatcherError): void {
    for (const { done } of this.#changes.splice(0)) done.reject(error);
  }

  #change(topics: readonly string[], isAddition: boolean): TopicsChange {
    const change: Change = {
      unconfirmed: new Set(topics),
      isAddition,
      done: createDeferred<void>(),
      isInListen: false,
    };
    this.#changes.push(change);
    this.#settle();
    const parts = topics.length === 0 ? [] : partsOf(topics, (topic) => itemBytes(topic));
    return {
      updates: parts.map((part) => ({
        addTopics: isAddition ? part : [],
        removeTopics: isAddition ? [] : part,
        resumeFrom: [],
        cursorsFollow: false,
      })),
      done: change.done.promise,
    };
  }

  #confirm(topic: string, isAddition: boolean): void {
    const isOwnChange = this.#isPending(topic);
    for (const change of this.#changes)
      if (change.isAddition === isAddition) change.unconfirmed.delete(topic);
    if (isOwnChange) return;
    if (isAddition) this.#wanted.add(topic);
    else this.#wanted.delete(topic);
  }

  #isPending(topic: string): boolean {
    return this.#changes.some(({ unconfirmed }) => unconfirmed.has(topic));
  }

  #settle(): void {
    for (const { unconfirmed, done } of this.#changes) if (unconfirmed.size === 0) done.resolve();
    this.#changes = this.#changes.filter(({ unconfirmed }) => unconfirmed.size > 0);
  }
}
