import { status } from "@grpc/grpc-js";
import type { Callbacks } from "./callbacks.js";
import { createDeferred } from "./deferred.js";
import { DispatcherError } from "./errors.js";
import { Inbox } from "./inbox.js";
import { isPromiseLike } from "./promise-like.js";
import type { ResultDelivery } from "./result-delivery.js";

/** The stream is paused when this many items wait to be taken, and read on at half of it. */
const MAX_WAITING = 1024;

/** The same while somebody waits for what comes after the results; then the waiting ends, too. */
const MAX_READ_AHEAD = 65_536;

/** What is held back while the consumer is behind. */
export interface Source {
  /** Stops reading. */
  pause(): void;
  /** Reads on. */
  resume(): void;
}

/** Takes a result, perhaps later. */
export type TakeResult = (result: ResultDelivery) => void | Promise<void>;

/**
 * Hands a listener's results to its consumer, one at a time and in order: to
 * onResult, or to a loop. Holds the source back while the consumer is behind.
 */
export class ResultFeed {
  readonly #onResult: TakeResult | undefined;
  readonly #callbacks: Callbacks;
  readonly #source: Source;
  /** Results, and between them the calls of other callbacks that must not overtake. */
  readonly #inbox = new Inbox<ResultDelivery | (() => void)>();
  #isPaused = false;
  /** Who waits for something that comes after the results. */
  readonly #waiting = new Set<(error: DispatcherError) => void>();
  /** Whether a result is in the consumer's hands, or may be. */
  #isHandingOut = false;

  constructor(onResult: TakeResult | undefined, callbacks: Callbacks, source: Source) {
    this.#onResult = onResult;
    this.#callbacks = callbacks;
    this.#source = source;
  }

  /** Adds a result. */
  push(result: ResultDelivery): void {
    this.#inbox.push(result);
  }

  /** Calls a callback after the results that came before it. */
  inTurn(name: string, callback: () => void): void {
    const guarded = () => this.#callbacks.run(name, callback);
    if (this.#inbox.size === 0 && !this.#isHandingOut) guarded();
    else this.#inbox.push(guarded);
  }

  /** Begins to hand out what was added; pauses the source if there is too much of it. */
  handOut(): void {
    if (this.#onResult !== undefined && !this.#isHandingOut) this.#run(this.#onResult);
    this.#restrain();
  }

  /**
   * Waits for something that comes after the results, and meanwhile reads on: the
   * consumer itself may be the one who waits.
   *
   * @throws {DispatcherError} RESOURCE_EXHAUSTED, reason SLOW_CONSUMER, if too many results come before it.
   */
  async readAhead(awaited: Promise<void>): Promise<void> {
    const tooMany = createDeferred<void>();
    this.#waiting.add(tooMany.reject);
    this.#restrain();
    this.#relieve();
    try {
      await Promise.race([awaited, tooMany.promise]);
    } finally {
      this.#waiting.delete(tooMany.reject);
      this.#restrain();
    }
  }

  /** A loop over the results. @throws {DispatcherError} FAILED_PRECONDITION if they go to onResult. */
  iterate(): AsyncIterator<ResultDelivery, undefined> {
    if (this.#onResult !== undefined) {
      const details = "the results of this listener go to onResult";
      throw new DispatcherError({ code: status.FAILED_PRECONDITION, details });
    }
    this.#isHandingOut = true;
    return {
      next: () => this.#next(),
      return: async () => {
        this.#isHandingOut = false;
        return { done: true, value: undefined };
      },
    };
  }

  /** The source begins anew, unpaused. */
  streamBegins(): void {
    this.#isPaused = false;
  }

  /** The end: after an error what waits is still handed out, else it is dropped. */
  end(error: DispatcherError | undefined): void {
    if (error === undefined) this.#inbox.clear();
    this.#inbox.end(error);
  }

  /** Runs as long as onResult answers at once, and goes on when it has answered. */
  #run(onResult: TakeResult): void {
    this.#isHandingOut = true;
    for (let item = this.#take(); item !== undefined; item = this.#take()) {
      if (typeof item === "function") item();
      else {
        const taken = this.#offer(onResult, item);
        if (taken !== undefined) {
          void Promise.resolve(taken).then(() => this.#run(onResult));
          return;
        }
      }
    }
    this.#isHandingOut = false;
  }

  #offer(onResult: TakeResult, result: ResultDelivery): PromiseLike<void> | undefined {
    try {
      const taken = onResult(result);
      if (!isPromiseLike(taken)) return undefined;
      return taken.then(undefined, (error: unknown) => this.#callbacks.failed("onResult", error));
    } catch (error) {
      this.#callbacks.failed("onResult", error);
      return undefined;
    }
  }

  #take(): ResultDelivery | (() => void) | undefined {
    const item = this.#inbox.shift();
    this.#relieve();
    return item;
  }

  async #next(): Promise<IteratorResult<ResultDelivery, undefined>> {
    for (;;) {
      const next = await this.#inbox.next();
      this.#relieve();
      if (next.done) return next;
      if (typeof next.value !== "function") return { done: false, value: next.value };
      next.value();
    }
  }

  /** Reads no further if too much waits. */
  #restrain(): void {
    if (this.#inbox.size >= MAX_READ_AHEAD) {
      for (const giveUp of this.#waiting) giveUp(tooSlow());
      this.#waiting.clear();
    }
    if (this.#isPaused || this.#waiting.size > 0 || this.#inbox.size < MAX_WAITING) return;
    this.#isPaused = true;
    this.#source.pause();
  }

  #relieve(): void {
    if (!this.#isPaused || (this.#waiting.size === 0 && this.#inbox.size > MAX_WAITING / 2)) return;
    this.#isPaused = false;
    this.#source.resume();
  }
}

function tooSlow(): DispatcherError {
  const details = `${MAX_READ_AHEAD} results wait to be taken before the answer; take them, and it will come`;
  return new DispatcherError({ code: status.RESOURCE_EXHAUSTED, reason: "SLOW_CONSUMER", details });
}
