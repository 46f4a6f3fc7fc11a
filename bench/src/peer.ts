/** A peer does the work of a dispatcher and has clients that put a load on it. Each peer is one file in `peers/`. */
import type { Measurement } from "./figures.js";
import type { Payloads } from "./payload.js";
import type { Timing } from "./sample.js";
import type { Shape } from "./shape.js";

/** A system under measurement, together with its clients. */
export type Peer = ServedPeer | ProgramPeer;

interface Named {
  /** The name on the command line and in the JSON file. */
  readonly name: string;
  /** The name in tables. */
  readonly title: string;
  /** Says which program is missing on this machine and how to install it; undefined if none is. */
  missing?(): string | undefined;
  /** The version of the measured program, if every report does not name it already. */
  version?(): string;
}

/** A server process, driven by a client process of the benchmark. */
export interface ServedPeer extends Named {
  /** The command that starts a new server process. */
  readonly server: ServerCommand;
  /**
   * Connects the requester, the producers and the listeners, each on its own TCP connection.
   *
   * Resolves when all are registered: no delivery may be missed after that. Runs in the client process.
   */
  connect(address: string, load: Load): Promise<Send>;
}

/** A program that does the whole work in one process and measures itself. */
export interface ProgramPeer extends Named {
  /** Takes one sample. Rejects if anything went wrong. */
  run(shape: Shape, timing: Timing): Promise<Measurement>;
}

/** Program and arguments of a server that listens on a free port of 127.0.0.1. */
export interface ServerCommand {
  readonly command: readonly [program: string, ...args: string[]];
  /** Matches the printed line with the address; by default a line that ends in `listening on HOST:PORT`. */
  readonly listening?: RegExp;
}

/**
 * Sends one request whose payload is {@link requestPayload} of its sequence number, without waiting.
 *
 * The sequence number fits 32 bits; producers answer with a payload that contains the same number.
 */
export type Send = (sequence: number) => void;

/** What participants need from the load generator and report to it. */
export interface Load {
  /** How many participants to connect. */
  readonly shape: Shape;
  /** The payloads of results. */
  readonly payloads: Payloads;
  /** Every producer and listener is on all of these topics; {@link topicOf} chooses the one of a request. */
  readonly topics: readonly string[];
  /** TTL of every request; far above any healthy latency, so that a lost result shows as an incomplete request. */
  readonly ttlMs: number;
  /** The requester's call for this request has succeeded. A peer without an acknowledgement calls it when it sends. */
  accepted(sequence: number): void;
  /** A listener (by index) has received a result with the payload `bytes[start, end)`, which is not retained. */
  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void;
  /** The server has shed this request. Fails the sample unless the work allows it. */
  shed(sequence: number): void;
  /** A listener has lost this many results. Fails the sample unless the work allows it. */
  lost(count: number): void;
  /** Fails the sample. */
  failed(error: unknown): void;
}

/** The topic of a request, round robin. */
export function topicOf({ topics }: Pick<Load, "topics">, sequence: number): string {
  return topics[sequence % topics.length] as string;
}
