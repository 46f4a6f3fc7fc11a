import { status } from "@grpc/grpc-js";
import type { Acceptance } from "./acceptance.js";
import { createDeferred } from "./deferred.js";
import { cancelled, DispatcherError } from "./errors.js";
import { Inbox } from "./inbox.js";
import { ReceivedResult, type ResultDelivery } from "./result-delivery.js";
import type { Summary } from "./summary.js";
import type { WireDelivery } from "./wire-delivery.js";

/**
 * A request whose results come back to the caller: iterate over them as they
 * arrive; the loop ends with the request. Leaving the loop early cancels it.
 *
 * If the request is refused, aborted by its signal, or the link breaks, the loop
 * throws and the promises that are pending reject, all with the same
 * DispatcherError. Ignoring any of them is fine.
 */
export interface Gather extends AsyncIterable<ResultDelivery, undefined> {
  /** The request was taken. */
  readonly acceptance: Promise<Acceptance>;
  /** How it ended; always after its last result has arrived, taken from the loop or not. */
  readonly summary: Promise<Summary>;
  /** Asks the server to end it: the results stop, and the summary says CANCELLED. */
  cancel(): void;
}

/** How a gather reaches the server. */
export interface GatherLine {
  /** Cancels the request. */
  cancel(requestId: string): void;
  /** Holds its results back; absent where they share a stream with others. */
  readonly flow?: { pause(): void; resume(): void };
}

/** With flow control, the stream is paused when this many results wait in front of a loop. */
const PAUSE_AT = 1024;

/** How many results wait at most for a loop that is too slow, or never comes. */
const MAX_WAITING = 65_536;

/** A {@link Gather} in progress. What is told after its end is ignored. */
export class PendingGather implements Gather {
  readonly #inbox = new Inbox<ResultDelivery>();
  readonly #acceptance = createDeferred<Acceptance>();
  readonly #summary = createDeferred<Summary>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#abort();
  #requestId: string | undefined;
  #line: GatherLine | undefined;
  #isCancelled = false;
  #isIterated = false;
  #isPaused = false;

  /**
   * @param requestId - if the caller chose it.
   * @param signal - fails the gather at once and cancels the request.
   */
  constructor(requestId: string | undefined, signal: AbortSignal | undefined) {
    this.#requestId = requestId;
    this.#signal = signal;
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get acceptance(): Promise<Acceptance> {
    return this.#acceptance.promise;
  }

  get summary(): Promise<Summary> {
    return this.#summary.promise;
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    if (this.#requestId !== undefined) this.#line?.cancel(this.#requestId);
  }

  [Symbol.asyncIterator](): AsyncIterator<ResultDelivery, undefined> {
    this.#isIterated = true;
    return {
      next: () => {
        const next = this.#inbox.next();
        this.#relieve();
        return next;
      },
      return: async () => {
        this.cancel();
        this.#inbox.clear();
        this.#inbox.end();
        this.#relieve();
        return { done: true, value: undefined };
      },
    };
  }

  /** The request is on its way. */
  connected(line: GatherLine): void {
    this.#line = line;
  }

  /** The request was taken. */
  accepted(acceptance: Acceptance): void {
    this.#requestId = acceptance.requestId;
    if (this.#isCancelled) this.#line?.cancel(acceptance.requestId);
    this.#acceptance.resolve(acceptance);
  }

  /** A result arrived. */
  delivered(delivery: WireDelivery): void {
    if (this.#inbox.size >= MAX_WAITING) this.#inbox.end(tooSlow());
    this.#inbox.push(new ReceivedResult(delivery));
    if (this.#isPaused || !this.#isIterated || this.#inbox.size < PAUSE_AT) return;
    this.#isPaused = true;
    this.#line?.flow?.pause();
  }

  /** The request ended. */
  summarized(summary: Summary): void {
    this.#summary.resolve(summary);
    this.#inbox.end();
    this.#release();
  }

  /** The request was refused, or is heard of no more. */
  failed(error: DispatcherError): void {
    this.#acceptance.reject(error);
    this.#summary.reject(error);
    this.#inbox.end(error);
    this.#release();
  }

  #abort(): void {
    this.cancel();
    this.#inbox.clear();
    this.failed(cancelled("the gather was aborted", this.#signal?.reason));
    this.#relieve();
  }

  #relieve(): void {
    if (!this.#isPaused || this.#inbox.size > PAUSE_AT / 2) return;
    this.#isPaused = false;
    this.#line?.flow?.resume();
  }

  #release(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

function tooSlow(): DispatcherError {
  const details = `${MAX_WAITING} results wait to be taken; use the unary option, whose flow control holds them back`;
  return new DispatcherError({ code: status.RESOURCE_EXHAUSTED, reason: "SLOW_CONSUMER", details });
}
