import { createDeferred, type Deferred } from "./deferred.js";
import type { DispatcherError } from "./errors.js";
import type { TopicsChanged, TopicsUpdate } from "./gen/ate/dispatcher/v1/listener.js";

interface Change {
  /** What the server has not confirmed yet. */
  readonly open: Set<string>;
  readonly isAddition: boolean;
  readonly done: Deferred<void>;
  /** Whether the present stream began with the change made already. */
  isInListen: boolean;
}

/** What to say, and when it is done. */
export interface TopicsChange {
  /** Undefined if there is nothing to change. */
  readonly update: TopicsUpdate | undefined;
  /** Settles with the server's confirmation. */
  readonly done: Promise<void>;
}

/** What a listener listens to, across reconnects. */
export class ListenerTopics {
  readonly #wanted: Set<string>;
  #changes: Change[] = [];

  /** @param initial - topics or patterns. */
  constructor(initial: readonly string[]) {
    this.#wanted = new Set(initial);
  }

  /** What the next stream begins with. */
  current(): string[] {
    return [...this.#wanted];
  }

  /** Notes that topics are to be added. */
  add(topics: readonly string[]): TopicsChange {
    const missing = topics.filter((topic) => !this.#wanted.has(topic) || this.#isOpen(topic));
    for (const topic of topics) this.#wanted.add(topic);
    return this.#change(missing, true);
  }

  /** Notes that topics are to be removed. */
  remove(topics: readonly string[]): TopicsChange {
    const present = topics.filter((topic) => this.#wanted.has(topic) || this.#isOpen(topic));
    for (const topic of topics) this.#wanted.delete(topic);
    return this.#change(present, false);
  }

  /** A stream begins with {@link current}. */
  streamBegins(): void {
    for (const change of this.#changes) change.isInListen = true;
  }

  /** The stream that began is live. */
  streamIsLive(): void {
    for (const change of this.#changes) if (change.isInListen) change.open.clear();
    this.#settle();
  }

  /** The server confirms a change, perhaps one that somebody else made. */
  changed({ added, removed }: TopicsChanged): void {
    for (const topic of added) this.#confirm(topic, true);
    for (const topic of removed) this.#confirm(topic, false);
    this.#settle();
  }

  /** There will be no further confirmation. */
  abandon(error: DispatcherError): void {
    for (const { done } of this.#changes.splice(0)) done.reject(error);
  }

  #change(topics: readonly string[], isAddition: boolean): TopicsChange {
    const change: Change = {
      open: new Set(topics),
      isAddition,
      done: createDeferred<void>(),
      isInListen: false,
    };
    this.#changes.push(change);
    this.#settle();
    const [addTopics, removeTopics] = isAddition ? [[...topics], []] : [[], [...topics]];
    return {
      update: topics.length === 0 ? undefined : { addTopics, removeTopics },
      done: change.done.promise,
    };
  }

  #confirm(topic: string, isAddition: boolean): void {
    const isOurs = this.#isOpen(topic);
    for (const change of this.#changes) if (change.isAddition === isAddition) change.open.delete(topic);
    if (isOurs) return;
    if (isAddition) this.#wanted.add(topic);
    else this.#wanted.delete(topic);
  }

  #isOpen(topic: string): boolean {
    return this.#changes.some(({ open }) => open.has(topic));
  }

  #settle(): void {
    for (const { open, done } of this.#changes) if (open.size === 0) done.resolve();
    this.#changes = this.#changes.filter(({ open }) => open.size > 0);
  }
}
