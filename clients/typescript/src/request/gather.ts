import { status } from "@grpc/grpc-js";
import { createDeferred } from "../async/deferred.js";
import { Inbox } from "../async/inbox.js";
import { cancelled, DispatcherError } from "../errors.js";
import { ReceivedResult, type ResultDelivery } from "../result/result-delivery.js";
import type { Acceptance } from "../values/acceptance.js";
import type { Summary } from "../values/summary.js";
import type { WireDelivery } from "../wire/wire-delivery.js";

/**
 * A request whose results return to the caller. Iterate over it to get the results as they arrive. The loop ends when
 * the request ends. Leaving the loop early cancels the request.
 *
 * If the request is rejected, its signal fires, or the connection breaks, then the loop throws and the pending promises
 * reject, all with the same DispatcherError. A promise that nobody awaits causes no unhandled rejection.
 */
export interface Gather extends AsyncIterable<ResultDelivery, undefined> {
  /** Resolves when the dispatcher accepts the request. */
  readonly acceptance: Promise<Acceptance>;
  /** Resolves when the request ends, after its last result has arrived. Does not wait for the loop. */
  readonly summary: Promise<Summary>;
  /** Asks the server to cancel the request: the results stop, and the summary has the reason CANCELLED. */
  cancel(): void;
}

/** What a gather can do to its request and its stream. */
export interface GatherControl {
  /** Cancels the request. */
  cancel(requestId: string): void;
  /** Pauses and resumes the stream of results; absent if the gather shares a stream with others. */
  readonly flow?: { pause(): void; resume(): void };
}

/** The stream, if it is the gather's own, is paused at this many waiting results and resumed at half as many. */
const PAUSE_THRESHOLD = 1024;

/** How many results may wait for the loop. One more fails the loop with SLOW_CONSUMER; the summary still arrives. */
const MAX_WAITING_RESULTS = 65_536;

/** The implementation of {@link Gather}. Events after the end are ignored. */
export class PendingGather implements Gather {
  readonly #inbox = new Inbox<ResultDelivery>();
  readonly #acceptance = createDeferred<Acceptance>();
  readonly #summary = createDeferred<Summary>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#abort();
  #requestId: string | undefined;
  #control: GatherControl | undefined;
  #isCancelled = false;
  #isIterated = false;
  #isPaused = false;
  #deliveredCount = 0;

  /**
   * @param requestId - the caller's own id, if there is one.
   * @param signal - when it fires, the gather fails at once and the request is cancelled.
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
    if (this.#requestId !== undefined) this.#control?.cancel(this.#requestId);
  }

  [Symbol.asyncIterator](): AsyncIterator<ResultDelivery, undefined> {
    this.#isIterated = true;
    return {
      next: () => {
        const next = this.#inbox.next();
        this.#resumeIfDrained();
        return next;
      },
      return: async () => {
        this.cancel();
        this.#inbox.clear();
        this.#inbox.end();
        this.#resumeIfDrained();
        return { done: true, value: undefined };
      },
    };
  }

  /** How many results have arrived. */
  get deliveredCount(): number {
    return this.#deliveredCount;
  }

  /** Sets the control, once the request is sent. */
  connected(control: GatherControl): void {
    this.#control = control;
  }

  /** The dispatcher accepted the request. */
  accepted(acceptance: Acceptance): void {
    this.#requestId = acceptance.requestId;
    if (this.#isCancelled) this.#control?.cancel(acceptance.requestId);
    this.#acceptance.resolve(acceptance);
  }

  /** A result arrived. */
  delivered(delivery: WireDelivery): void {
    this.#deliveredCount += 1;
    if (this.#inbox.size >= MAX_WAITING_RESULTS) this.#inbox.end(tooSlow());
    this.#inbox.push(new ReceivedResult(delivery));
    if (this.#isPaused || !this.#isIterated || this.#inbox.size < PAUSE_THRESHOLD) return;
    this.#isPaused = true;
    this.#control?.flow?.pause();
  }

  /** The request ended. */
  summarized(summary: Summary): void {
    this.#summary.resolve(summary);
    this.#inbox.end();
    this.#detachSignal();
  }

  /** The request was rejected, or its stream broke. */
  failed(error: DispatcherError): void {
    this.#acceptance.reject(error);
    this.#summary.reject(error);
    this.#inbox.end(error);
    this.#detachSignal();
  }

  #abort(): void {
    this.cancel();
    this.#inbox.clear();
    this.failed(cancelled("the gather was aborted", this.#signal?.reason));
    this.#resumeIfDrained();
  }

  #resumeIfDrained(): void {
    if (!this.#isPaused || this.#inbox.size > PAUSE_THRESHOLD / 2) return;
    this.#isPaused = false;
    this.#control?.flow?.resume();
  }

  #detachSignal(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

function tooSlow(): DispatcherError {
  const details = `${MAX_WAITING_RESULTS} results wait for the loop, the limit; read faster, or use the unary option, which has flow control`;
  return new DispatcherError({ code: status.RESOURCE_EXHAUSTED, reason: "SLOW_CONSUMER", details });
}
