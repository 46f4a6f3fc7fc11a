import { status } from "@grpc/grpc-js";
import { createDeferred } from "../async/deferred.js";
import { Inbox } from "../async/inbox.js";
import { isPromiseLike } from "../async/promise-like.js";
import type { Callbacks } from "../connection/callbacks.js";
import { DispatcherError } from "../errors.js";
import type { ResultDelivery } from "../result/result-delivery.js";

/** The stream is paused at this many queued items and resumed at half as many. */
const PAUSE_THRESHOLD = 1024;

/** The limit of queued items during {@link ResultFeed.readAhead}, which then fails. */
const MAX_READ_AHEAD = 65_536;

/** A stream that can be paused. */
export interface PausableStream {
  /** Stops reading. */
  pause(): void;
  /** Resumes reading. */
  resume(): void;
}

/** Consumes a result. A returned promise delays the next result. */
export type ResultCallback = (result: ResultDelivery) => void | Promise<void>;

/**
 * Passes a listener's results to its consumer, onResult or a loop, one at a time and in order. Pauses the stream while
 * the consumer is behind.
 */
export class ResultFeed {
  readonly #onResult: ResultCallback | undefined;
  readonly #callbacks: Callbacks;
  readonly #stream: PausableStream;
  /** Results, and calls of other callbacks that must keep their place between the results. */
  readonly #inbox = new Inbox<ResultDelivery | (() => void)>();
  #isPaused = false;
  /** Fails the calls of {@link readAhead} that are pending. */
  readonly #readAheads = new Set<(error: DispatcherError) => void>();
  /** Whether onResult or a loop is running, so that a callback must not be called out of order. */
  #isConsuming = false;

  constructor(onResult: ResultCallback | undefined, callbacks: Callbacks, stream: PausableStream) {
    this.#onResult = onResult;
    this.#callbacks = callbacks;
    this.#stream = stream;
  }

  /** Enqueues a result. */
  push(result: ResultDelivery): void {
    this.#inbox.push(result);
  }

  /**
   * Enqueues a call of another callback. Calls it at once if no result is before it.
   *
   * @param name - the callback's name, for error reports.
   */
  pushCallback(name: string, callback: () => void): void {
    const guarded = () => this.#callbacks.run(name, callback);
    if (this.#inbox.size === 0 && !this.#isConsuming) guarded();
    else this.#inbox.push(guarded);
  }

  /** Passes the queued items to onResult if there is one. Pauses the stream if too many are queued. */
  flush(): void {
    if (this.#onResult !== undefined && !this.#isConsuming) this.#consume(this.#onResult);
    this.#pauseIfFull();
  }

  /**
   * Waits for a message that arrives behind results on the stream. Keeps the stream running until then, beyond the
   * usual limit: if the consumer itself waits, a paused stream would be a deadlock.
   *
   * @throws {DispatcherError} RESOURCE_EXHAUSTED, reason SLOW_CONSUMER, if {@link MAX_READ_AHEAD} items are queued
   * first.
   */
  async readAhead(awaited: Promise<void>): Promise<void> {
    const tooMany = createDeferred<void>();
    this.#readAheads.add(tooMany.reject);
    this.#pauseIfFull();
    this.#resumeIfDrained();
    try {
      await Promise.race([awaited, tooMany.promise]);
    } finally {
      this.#readAheads.delete(tooMany.reject);
      this.#pauseIfFull();
    }
  }

  /** Starts a loop over the results. @throws {DispatcherError} FAILED_PRECONDITION if they go to onResult. */
  iterate(): AsyncIterator<ResultDelivery, undefined> {
    if (this.#onResult !== undefined) {
      const details = "the results of this listener go to onResult";
      throw new DispatcherError({ code: status.FAILED_PRECONDITION, details });
    }
    this.#isConsuming = true;
    return {
      next: () => this.#next(),
      return: async () => {
        this.#isConsuming = false;
        return { done: true, value: undefined };
      },
    };
  }

  /** Records that a new stream starts, which is not paused. */
  streamBegins(): void {
    this.#isPaused = false;
  }

  /** Ends the results. Queued items are still passed on if there is an error, else they are dropped. */
  end(error: DispatcherError | undefined): void {
    if (error === undefined) this.#inbox.clear();
    this.#inbox.end(error);
  }

  /** Calls onResult until the queue is empty or a call returns a promise. Continues when the promise has settled. */
  #consume(onResult: ResultCallback): void {
    this.#isConsuming = true;
    for (let item = this.#take(); item !== undefined; item = this.#take()) {
      if (typeof item === "function") item();
      else {
        const taken = this.#callOnResult(onResult, item);
        if (taken !== undefined) {
          void taken.then(() => this.#consume(onResult));
          return;
        }
      }
    }
    this.#isConsuming = false;
  }

  /** @returns a promise that never rejects, or undefined if onResult returned none. */
  #callOnResult(onResult: ResultCallback, result: ResultDelivery): Promise<void> | undefined {
    try {
      const taken = onResult(result);
      if (!isPromiseLike(taken)) return undefined;
      return Promise.resolve(taken).then(undefined, (error: unknown) =>
        this.#callbacks.failed("onResult", error),
      );
    } catch (error) {
      this.#callbacks.failed("onResult", error);
      return undefined;
    }
  }

  #take(): ResultDelivery | (() => void) | undefined {
    const item = this.#inbox.shift();
    this.#resumeIfDrained();
    return item;
  }

  async #next(): Promise<IteratorResult<ResultDelivery, undefined>> {
    for (;;) {
      const next = await this.#inbox.next();
      this.#resumeIfDrained();
      if (next.done) return next;
      if (typeof next.value !== "function") return { done: false, value: next.value };
      next.value();
    }
  }

  /** Pauses the stream at the threshold; fails read-aheads at their limit. */
  #pauseIfFull(): void {
    if (this.#inbox.size >= MAX_READ_AHEAD) {
      for (const fail of this.#readAheads) fail(tooSlow());
      this.#readAheads.clear();
    }
    if (this.#isPaused || this.#readAheads.size > 0 || this.#inbox.size < PAUSE_THRESHOLD) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  #resumeIfDrained(): void {
    if (!this.#isPaused || (this.#readAheads.size === 0 && this.#inbox.size > PAUSE_THRESHOLD / 2)) return;
    this.#isPaused = false;
    this.#stream.resume();
  }
}

function tooSlow(): DispatcherError {
  const details = `${MAX_READ_AHEAD} results are queued before the server's confirmation, the limit; read faster`;
  return new DispatcherError({ code: status.RESOURCE_EXHAUSTED, reason: "SLOW_CONSUMER", details });
}
