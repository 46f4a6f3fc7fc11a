/**
 * Reads the headers of every call before grpc-js does, and takes away what grpc-js would misread.
 *
 * grpc-js arms a 32-bit timer for a deadline, so a deadline beyond 24.8 days would end the call at once. It also computes
 * the deadline from the time of day, which may step.
 */
import type { IncomingHttpHeaders } from "node:http2";
import type { Instant } from "../../core/vocabulary/model.js";
import { invalid, quote, type Refusal } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import { parseTimeout } from "./grpc-timeout.js";

const TIMEOUT = "grpc-timeout";
/** The longest timer of Node, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the headers of each open call say. */
export class CallHeaders {
  readonly #deadlines = new WeakMap<object, Instant>();
  readonly #refusals = new WeakMap<object, Refusal>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Reads the headers of a stream that has just opened.
   *
   * A deadline beyond the longest timer is removed from the headers: the client enforces it, as it enforces every deadline.
   *
   * @param headers - changed in place.
   */
  read(stream: object, headers: IncomingHttpHeaders): void {
    const text = headers[TIMEOUT];
    if (text === undefined) return;
    const timeoutMs = parseTimeout(String(text));
    if (timeoutMs === undefined) this.#refusals.set(stream, malformedTimeout(String(text)));
    else this.#deadlines.set(stream, this.#clock.now() + timeoutMs);
    if (timeoutMs === undefined || timeoutMs > MAX_TIMER_MS) delete headers[TIMEOUT];
  }

  /** The deadline of a call; undefined if it has none, or if its headers were not read. */
  deadlineOf(stream: object | undefined): Instant | undefined {
    return stream && this.#deadlines.get(stream);
  }

  /** Why a call is rejected for its headers; undefined if they are valid. */
  refusalOf(stream: object | undefined): Refusal | undefined {
    return stream && this.#refusals.get(stream);
  }
}

function malformedTimeout(text: string): Refusal {
  const description = `is ${quote(text)}; use one to eight digits and a unit of H, M, S, m, u or n`;
  return invalid([{ field: TIMEOUT, description }]);
}
