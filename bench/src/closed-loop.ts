/**
 * A closed loop: a fixed number of requests is outstanding, and each completed request starts the next one.
 *
 * A request is complete when its own call has succeeded and every listener has received every producer's result. A surplus
 * delivery or an altered payload fails the sample.
 */
import { DeliveryCheck } from "./delivery-check.js";
import type { Payloads } from "./payload.js";
import type { Send } from "./peer.js";
import { deliveriesPerRequest, type Shape } from "./shape.js";

/** Keeps `shape.window` requests outstanding and accounts for every delivery. */
export class ClosedLoop {
  readonly #shape: Shape;
  readonly #check: DeliveryCheck;
  /** The request in each slot of the window, or -1. The slot of a request is its number modulo the window. */
  readonly #sequences: number[];
  /** For each slot: events that its request still waits for, including its own call. */
  readonly #missing: number[];
  readonly #failure: (error: Error) => void;
  readonly #deliveriesPerRequest: number;
  #send: Send = () => {};
  #completedCount = 0;
  #stopped: (() => void) | undefined;
  #outstanding = 0;

  /** @param onFailure - called at the first failure and possibly at later ones. */
  constructor(shape: Shape, payloads: Payloads, onFailure: (error: Error) => void) {
    this.#shape = shape;
    this.#check = new DeliveryCheck(shape, payloads);
    this.#sequences = new Array<number>(shape.window).fill(-1);
    this.#missing = new Array<number>(shape.window).fill(0);
    this.#failure = onFailure;
    this.#deliveriesPerRequest = deliveriesPerRequest(shape);
  }

  /** Requests completed so far. */
  get completedCount(): number {
    return this.#completedCount;
  }

  /** Deliveries whose payload was compared byte by byte. */
  get verifiedCount(): number {
    return this.#check.verifiedCount;
  }

  /** Fills the window. */
  start(send: Send): void {
    this.#send = send;
    for (let slot = 0; slot < this.#shape.window; slot++) this.#begin(slot);
  }

  /** Stops starting requests. Resolves when the outstanding ones are complete. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      if (this.#outstanding === 0) resolve();
    });
  }

  /** Describes what is outstanding, for an error message. */
  describeOutstanding(): string {
    const slot = this.#sequences.findIndex((sequence) => sequence !== -1);
    const of = this.#deliveriesPerRequest + 1;
    return slot === -1
      ? "nothing is outstanding"
      : `${this.#outstanding} requests are outstanding; request ${this.#sequences[slot]} lacks ` +
          `${this.#missing[slot]} of ${of} (its acceptance and ${of - 1} deliveries)`;
  }

  /** Throws unless each listener has received all its results; to be called after {@link stop}. */
  checkTotals(): void {
    this.#check.checkTotals(this.#completedCount);
  }

  /** Records that the requester's call for this request has succeeded. */
  accepted(sequence: number): void {
    this.#count(sequence);
  }

  /** Records a result that a listener has received. */
  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#count(this.#check.take(listener, bytes, start, end));
    } catch (error) {
      this.#failure(error as Error);
    }
  }

  #count(sequence: number): void {
    const slot = sequence % this.#shape.window;
    if (this.#sequences[slot] !== sequence) {
      this.#failure(new Error(`an event came for request ${sequence}, which is not outstanding`));
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
