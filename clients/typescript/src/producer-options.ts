import type { Handler } from "./outstanding.js";
import type { SessionStatus } from "./session-status.js";

/** A topic, or a pattern of topics: `*` stands for one token, `>` as the last one for one or more. */
export type ProducerTopic = string | { readonly topic: string; readonly group?: string };

/** Who answers, on what, and how. */
export interface ProducerOptions {
  /** Topics or patterns to join; members of one group share the work. May be empty. */
  readonly topics: readonly ProducerTopic[];
  /** Answers each request. */
  readonly handler: Handler;
  /** How many requests are worked on at a time; from 1. Default: the server's, 256. 1 means one after the other. */
  readonly concurrency?: number;
  /** How many further requests may wait at the server for their turn. Default: the server's, 1,024. */
  readonly maxBacklog?: number;
  /** 1 to 128 printable ASCII characters without spaces; the newest session of an id wins. Default: the server mints one. */
  readonly id?: string;
  /** Name for people; at most 256 bytes. */
  readonly displayName?: string;
  /** Labels that selectors match; at most 32. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Told what became of each reply; setting it asks the server for that. */
  readonly onDisposition?: (assignmentId: string, state: DispositionName) => void;
  /** Told what happens to the session. */
  readonly onStatus?: (status: SessionStatus) => void;
}

/** What became of a reply: in time, after the TTL, answered before, never assigned, or revoked before. */
export type DispositionName = "ACCEPTED" | "LATE" | "DUPLICATE" | "UNKNOWN" | "CANCELLED";

/** How a producer or client is closed. */
export interface CloseOptions {
  /** How long pending work may still take, in milliseconds. Default 30,000. */
  readonly graceMs?: number;
}

/** The default of {@link CloseOptions.graceMs}: what container platforms commonly grant a process to stop. */
export const DEFAULT_GRACE_MS = 30_000;

/** A producer that stays connected, and registered, until it is closed. */
export interface Producer {
  /** Its id, as given or minted; undefined before the first session. */
  readonly id: string | undefined;
  /** Resolves once registered and live, or with the next session; rejects if there will be none. */
  ready(): Promise<void>;
  /**
   * Joins a topic or pattern; again after each reconnect. The newest group holds.
   *
   * Resolves once it is live, after a reconnect if need be.
   * @throws {DispatcherError} INVALID_ARGUMENT, PERMISSION_DENIED and the like if the server refuses it; the session goes on.
   */
  register(topic: string, options?: { readonly group?: string }): Promise<void>;
  /** Leaves a topic or pattern, written as it was registered. What was assigned before may still be answered. */
  deregister(topic: string): Promise<void>;
  /** Changes how many requests are worked on at a time; from 1. What is at work goes on. */
  setConcurrency(concurrency: number): void;
  /**
   * Drains: takes no new work, finishes the old, then ends. Work that outlasts
   * the grace is abandoned. Resolves when it is over; never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when it is over; rejects if the server refused it for good, such as UNAUTHENTICATED or SESSION_REPLACED. */
  readonly closed: Promise<void>;
}
