/**
 * What a sample does. The list is in `works.ts`, and how each kind is measured in `measure/`.
 */
import type { Shape } from "./shape.js";

/** One piece of work. */
export type Work = ClosedWork | OpenWork | IdleWork | TtlWork | StalledWork;

interface Named {
  /** How it is named on the command line, in the tables and in the JSON file. */
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  /** Who does it. */
  readonly peers: readonly string[];
  /** Further settings of our server, as flags. */
  readonly settings?: readonly string[];
  /** Most rounds in which it is done unless more are asked for; for what takes long and hardly varies. */
  readonly mostRounds?: number;
}

/** Scatter and gather with a fixed number of requests outstanding. */
export interface ClosedWork extends Named {
  readonly kind: "closed";
  readonly shape: Shape;
  /** Topics that the requests go to in turn; 1 if absent. */
  readonly topicCount?: number;
  /** Requests on another topic that nobody answers, outstanding all the while; none if absent. */
  readonly pendingCount?: number;
  /** What producers answer with; bytes if absent. */
  readonly payload?: "struct";
}

/** Scatter and gather at a fixed rate, whatever becomes of the requests. */
export interface OpenWork extends Named {
  readonly kind: "open";
  readonly shape: Shape;
  readonly requestsPerSecond: number;
  /** TTL of the requests; 10 s if absent. */
  readonly ttlMs?: number;
  /** Whether requests may be refused for load, and results lost to slow listeners; else that voids the sample. */
  readonly mayShed?: boolean;
}

/** Listen streams that do nothing. */
export interface IdleWork extends Named {
  readonly kind: "idle";
  readonly streamCount: number;
  readonly streamsPerConnection: number;
}

/** Requests that expire, and answers about the time at which they do. */
export interface TtlWork extends Named {
  readonly kind: "ttl";
  readonly pendingCount: number;
}

/** Listeners of which one stands still. */
export interface StalledWork extends Named {
  readonly kind: "stalled";
  /** The listeners are those that go on; one more stands still. */
  readonly shape: Shape;
}
