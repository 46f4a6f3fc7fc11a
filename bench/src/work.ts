/** Kinds of work that a sample does. `works.ts` lists the works; `measure/` measures each kind. */
import type { Shape } from "./shape.js";

/** A work. */
export type Work = ClosedWork | OpenWork | IdleWork | TtlWork | StalledWork;

interface Named {
  /** The name on the command line, in tables and in the JSON file. */
  readonly name: string;
  /** A description. */
  readonly title: string;
  /** Names of the peers that do it. */
  readonly peers: readonly string[];
  /** More settings of our server, as flags. */
  readonly settings?: readonly string[];
  /** The most rounds unless `--rounds` asks for more; for works that are slow and vary little. */
  readonly maxRounds?: number;
}

/** Scatter and gather with a fixed number of requests outstanding. */
export interface ClosedWork extends Named {
  readonly kind: "closed";
  readonly shape: Shape;
  /** Number of topics, used round robin; 1 if absent. */
  readonly topicCount?: number;
  /** Requests on another topic that stay unanswered and outstanding; none if absent. */
  readonly pendingCount?: number;
  /** The payload of results; bytes if absent. */
  readonly payload?: "struct";
}

/** Scatter and gather at a fixed rate. */
export interface OpenWork extends Named {
  readonly kind: "open";
  readonly shape: Shape;
  readonly requestsPerSecond: number;
  /** TTL of the requests; 10 s if absent. */
  readonly ttlMs?: number;
  /** Whether the server may shed requests and drop results of slow listeners; otherwise that fails the sample. */
  readonly mayShed?: boolean;
}

/** Idle Listen streams. */
export interface IdleWork extends Named {
  readonly kind: "idle";
  readonly streamCount: number;
  readonly streamsPerConnection: number;
}

/** Requests that expire, and results that arrive around the TTL. */
export interface TtlWork extends Named {
  readonly kind: "ttl";
  readonly pendingCount: number;
}

/** Listeners of which one stalls. */
export interface StalledWork extends Named {
  readonly kind: "stalled";
  /** The listeners that keep reading; one more stalls. */
  readonly shape: Shape;
}
