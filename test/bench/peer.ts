/**
 * What a peer is: a server to start and a way to put a load on it. Each peer is one file in `peers/`.
 */
import type { Shape } from "./shape.js";

/** A dispatcher under measurement, together with the kind of client that drives it. */
export interface Peer {
  /** How it is named on the command line and in the JSON file. */
  readonly name: string;
  /** How it is named in the tables. */
  readonly title: string;
  /**
   * Program and arguments of a fresh server process.
   *
   * The server takes a free port of 127.0.0.1 and prints a line that ends in `listening on HOST:PORT`.
   */
  readonly server: readonly [program: string, ...args: string[]];
  /**
   * Connects the requester, the producers and the listeners, each one on a TCP connection of its own.
   *
   * Resolves when all of them are registered: from then on no delivery may be missed. Runs in the client process.
   */
  connect(address: string, load: Load): Promise<Send>;
}

/**
 * Sends one request whose payload is {@link requestPayload} of the number, without waiting for anything.
 *
 * The number is a sequence number that fits 32 bits; producers answer with `resultPayload` of the same number.
 */
export type Send = (sequence: number) => void;

/** What the participants tell the load generator. */
export interface Load {
  /** What is to be connected. */
  readonly shape: Shape;
  /** The only topic. */
  readonly topic: string;
  /** TTL of every request, far above any healthy latency so that a lost result shows as an incomplete request. */
  readonly ttlMs: number;
  /** The requester's own call for this request has succeeded. A peer without such an answer says so when it sends. */
  accepted(sequence: number): void;
  /** A listener (by index) got a result whose payload is `bytes[start, end)`; it is not kept. */
  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void;
  /** Something went wrong: the sample is void. */
  failed(error: unknown): void;
}
