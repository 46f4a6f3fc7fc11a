/**
 * A closed loop: a fixed number of requests is outstanding, and the end of one starts the next.
 *
 * A request has ended when its own call has succeeded and every listener has got every producer's answer. Anything
 * else, a delivery too many or a payload that is not what was sent included, makes the sample fail.
 */
import { ResultPayloads, readSequence } from "./payload.js";
import type { Send } from "./peer.js";
import { deliveriesPerRequest, type Shape } from "./shape.js";

/**
 * Every so many deliveries of a listener the whole payload is compared, not only its number and length. A prime, so
 * that with answers in a fixed order each producer has its turn.
 */
const VERIFY_EVERY = 61;

/** Keeps `shape.window` requests outstanding and accounts for every delivery. */
export class ClosedLoop {
  readonly #shape: Shape;
  readonly #payloads: ResultPayloads;
  /** Per slot of the window: the request that holds it, or -1. A request's number modulo the window is its slot. */
  readonly #sequences: number[];
  /** Per slot: what its request still waits for, its own call included. */
  readonly #missing: number[];
  readonly #received: number[];
  readonly #failure: (error: Error) => void;
  readonly #deliveriesPerRequest: number;
  #send: Send = () => {};
  #completedCount = 0;
  #verifiedCount = 0;
  #stopped: (() => void) | undefined;
  #outstanding = 0;

  /** @param onFailure - called at the first failure, perhaps again at later ones. */
  constructor(shape: Shape, onFailure: (error: Error) => void) {
    this.#shape = shape;
    this.#payloads = new ResultPayloads(shape.payloadBytes);
    this.#sequences = new Array<number>(shape.window).fill(-1);
    this.#missing = new Array<number>(shape.window).fill(0);
    this.#received = new Array<number>(shape.listeners).fill(0);
    this.#failure = onFailure;
    this.#deliveriesPerRequest = deliveriesPerRequest(shape);
  }

  /** Requests that have ended so far. */
  get completedCount(): number {
    return this.#completedCount;
  }

  /** Deliveries whose whole payload was compared. */
  get verifiedCount(): number {
    return this.#verifiedCount;
  }

  /** Fills the window. */
  start(send: Send): void {
    this.#send = send;
    for (let slot = 0; slot < this.#shape.window; slot++) this.#begin(slot);
  }

  /** Starts no further request and resolves when the outstanding ones have ended. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      if (this.#outstanding === 0) resolve();
    });
  }

  /** Says what is outstanding, for an error. */
  describeOutstanding(): string {
    const slot = this.#sequences.findIndex((sequence) => sequence !== -1);
    const of = this.#deliveriesPerRequest + 1;
    return slot === -1
      ? "nothing is outstanding"
      : `${this.#outstanding} requests are outstanding; request ${this.#sequences[slot]} lacks ` +
          `${this.#missing[slot]} of ${of} (its acceptance and ${of - 1} deliveries)`;
  }

  /** Throws unless each listener has got its share, to be called after {@link stop}. */
  checkTotals(): void {
    const expected = this.#completedCount * this.#shape.producers;
    for (const [listener, count] of this.#received.entries()) {
      if (count !== expected) throw new Error(`listener ${listener} got ${count} results, not ${expected}`);
    }
  }

  /** The requester's call for this request has succeeded. */
  accepted(sequence: number): void {
    this.#count(sequence);
  }

  /** A listener got a result. */
  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== this.#shape.payloadBytes) {
      this.#failure(new Error(`a payload of ${end - start} bytes came, not ${this.#shape.payloadBytes}`));
      return;
    }
    const received = (this.#received[listener] as number) + 1;
    this.#received[listener] = received;
    if (received % VERIFY_EVERY === 1) this.#verify(bytes, start, end);
    this.#count(readSequence(bytes, start));
  }

  #verify(bytes: Uint8Array, start: number, end: number): void {
    try {
      const producer = this.#payloads.verify(bytes, start, end);
      if (producer >= this.#shape.producers) throw new Error(`a payload names producer ${producer}`);
      this.#verifiedCount++;
    } catch (error) {
      this.#failure(error as Error);
    }
  }

  #count(sequence: number): void {
    const slot = sequence % this.#shape.window;
    if (this.#sequences[slot] !== sequence) {
      this.#failure(new Error(`something came for request ${sequence}, which is not outstanding`));
      return;
    }
    const missing = (this.#missing[slot] as number) - 1;
    this.#missing[slot] = missing;
    if (missing === 0) this.#end(slot);
  }

  #begin(slot: number): void {
    const last = this.#sequences[slot] as number;
    const sequence = last === -1 ? slot : last + this.#shape.window;
    this.#sequences[slot] = sequence;
    this.#missing[slot] = this.#deliveriesPerRequest + 1;
    this.#outstanding++;
    this.#send(sequence);
  }

  #end(slot: number): void {
    this.#completedCount++;
    this.#outstanding--;
    if (this.#stopped === undefined) {
      this.#begin(slot);
      return;
    }
    this.#sequences[slot] = -1;
    if (this.#outstanding === 0) this.#stopped();
  }
}
