/**
 * Checks every delivery of a sample: length and sequence number always, the whole payload of one in 61, and at the end
 * that every listener has received all its results.
 */
import type { Payloads } from "./payload.js";
import type { Shape } from "./shape.js";

/**
 * One in this many deliveries of a listener is compared byte by byte. A prime number, so that each producer is covered
 * even if results always come in the same order.
 */
const VERIFY_EVERY = 61;

/** Checks and counts deliveries. */
export class DeliveryCheck {
  readonly #producers: number;
  readonly #payloads: Payloads;
  readonly #received: number[];
  #verifiedCount = 0;

  constructor({ producers, listeners }: Shape, payloads: Payloads) {
    this.#producers = producers;
    this.#payloads = payloads;
    this.#received = new Array<number>(listeners).fill(0);
  }

  /** Deliveries whose payload was compared byte by byte. */
  get verifiedCount(): number {
    return this.#verifiedCount;
  }

  /** Checks one delivery. @returns the number of its request. @throws Error if the payload is not the one that was sent. */
  take(listener: number, bytes: Uint8Array, start: number, end: number): number {
    if (end - start !== this.#payloads.byteLength) {
      throw new Error(`a payload of ${end - start} bytes came, not ${this.#payloads.byteLength}`);
    }
    const received = (this.#received[listener] as number) + 1;
    this.#received[listener] = received;
    if (received % VERIFY_EVERY === 1) this.#verify(bytes, start, end);
    return this.#payloads.sequenceOf(bytes, start);
  }

  /** Throws unless each listener has received every producer's result of this many requests. */
  checkTotals(requestCount: number): void {
    const expected = requestCount * this.#producers;
    for (const [listener, count] of this.#received.entries()) {
      if (count !== expected) throw new Error(`listener ${listener} got ${count} results, not ${expected}`);
    }
  }

  #verify(bytes: Uint8Array, start: number, end: number): void {
    const producer = this.#payloads.verify(bytes, start, end);
    if (producer >= this.#producers) throw new Error(`a payload names producer ${producer}`);
    this.#verifiedCount++;
  }
}
