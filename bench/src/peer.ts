/**
 * What a peer is: something that does the work, and a way to put a load on it. Each peer is one file in `peers/`.
 */
import type { Measurement } from "./figures.js";
import type { Payloads } from "./payload.js";
import type { Timing } from "./sample.js";
import type { Shape } from "./shape.js";

/** A dispatcher under measurement, together with the kind of client that drives it. */
export type Peer = ServedPeer | ProgramPeer;

interface Named {
  /** How it is named on the command line and in the JSON file. */
  readonly name: string;
  /** How it is named in the tables. */
  readonly title: string;
  /** Says which program is missing on this machine and how to get it; undefined if all is there. */
  missing?(): string | undefined;
  /** What is measured, beside the versions that every report names. */
  version?(): string;
}

/** A server process, driven by a client process of the benchmark. */
export interface ServedPeer extends Named {
  /** How a fresh server process is started. */
  readonly server: ServerCommand;
  /**
   * Connects the requester, the producers and the listeners, each one on a TCP connection of its own.
   *
   * Resolves when all of them are registered: from then on no delivery may be missed. Runs in the client process.
   */
  connect(address: string, load: Load): Promise<Send>;
}

/** A program that does the whole work in a process of its own and measures itself. */
export interface ProgramPeer extends Named {
  /** Takes one sample. Rejects if anything about it was not as it must be. */
  run(shape: Shape, timing: Timing): Promise<Measurement>;
}

/** Program and arguments of a server that takes a free port of 127.0.0.1. */
export interface ServerCommand {
  readonly command: readonly [program: string, ...args: string[]];
  /** Finds the address in a line of what it prints; by default a line that ends in `listening on HOST:PORT`. */
  readonly listening?: RegExp;
}

/**
 * Sends one request whose payload is {@link requestPayload} of the number, without waiting for anything.
 *
 * The number is a sequence number that fits 32 bits; producers answer with a payload of the same number.
 */
export type Send = (sequence: number) => void;

/** What the participants tell the load generator. */
export interface Load {
  /** What is to be connected. */
  readonly shape: Shape;
  /** What producers answer with. */
  readonly payloads: Payloads;
  /** The topics; every producer and listener is on all of them, and {@link topicOf} names that of a request. */
  readonly topics: readonly string[];
  /** TTL of every request, far above any healthy latency so that a lost result shows as an incomplete request. */
  readonly ttlMs: number;
  /** The requester's own call for this request has succeeded. A peer without such an answer says so when it sends. */
  accepted(sequence: number): void;
  /** A listener (by index) got a result whose payload is `bytes[start, end)`; it is not kept. */
  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void;
  /** This request was refused for load. Void where nothing may be shed. */
  shed(sequence: number): void;
  /** A listener lost this many results. Void where nothing may be shed. */
  lost(count: number): void;
  /** Something went wrong: the sample is void. */
  failed(error: unknown): void;
}

/** The topic of a request: round robin. */
export function topicOf({ topics }: Pick<Load, "topics">, sequence: number): string {
  return topics[sequence % topics.length] as string;
}
