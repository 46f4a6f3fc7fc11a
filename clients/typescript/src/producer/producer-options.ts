import type { SessionStatus } from "../connection/session-status.js";
import type { Handler } from "./handler-scope.js";

/** A topic or pattern, with an optional group. `*` matches one token; `>`, as the last token, matches one or more. */
export type ProducerTopic = string | { readonly topic: string; readonly group?: string };

/** Options of a producer. */
export interface ProducerOptions {
  /** Topics or patterns to register for. Each request goes to one member of a group. May be empty. */
  readonly topics: readonly ProducerTopic[];
  /** Handles each assignment. */
  readonly handler: Handler;
  /**
   * The maximum number of handlers that run at a time; at least 1. 1 means one after the other, also if a handler runs
   * on after its TTL: an assignment that arrives then waits, within its own TTL. Default: the server's, 256.
   */
  readonly concurrency?: number;
  /**
   * The maximum number of further assignments that queue at the server for this producer. Beyond it, the producer's
   * outcome is SATURATED. Default, also for 0: the server's, 1,024.
   */
  readonly maxBacklog?: number;
  /**
   * The producer's id: 1 to 128 printable ASCII characters without spaces. A new session with the same id replaces the
   * older one. Default: the server generates an id.
   */
  readonly id?: string;
  /** A name to display; at most 256 bytes. Default: none. */
  readonly displayName?: string;
  /** Labels that selectors match; at most 32. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Called with the disposition of each reply. If unset, the server sends no dispositions. */
  readonly onDisposition?: (assignmentId: string, state: DispositionName) => void;
  /** Called when the session's status changes, and for faults. Default: none. */
  readonly onStatus?: (status: SessionStatus) => void;
}

/**
 * How the dispatcher treated a reply. ACCEPTED: in time. LATE: after the TTL. DUPLICATE: the assignment had its final
 * result already. UNKNOWN: the session has no such assignment, or it ended long ago. CANCELLED: the assignment had been
 * revoked before its TTL.
 */
export type DispositionName = "ACCEPTED" | "LATE" | "DUPLICATE" | "UNKNOWN" | "CANCELLED";

/** Options of closing a producer or client. */
export interface CloseOptions {
  /** How long pending work may take, in milliseconds; 0 aborts it at once. Default 30,000. */
  readonly graceMs?: number;
}

/** The default of {@link CloseOptions.graceMs}: the time that container platforms commonly give a process to stop. */
export const DEFAULT_GRACE_MS = 30_000;

/** A producer. It reconnects and registers again until it is closed. */
export interface Producer {
  /** The producer's id, given or generated; undefined before the first session. */
  readonly id: string | undefined;
  /**
   * Resolves while a session is live, else when the next one is. Rejects if the producer is closed or has failed for
   * good.
   */
  ready(): Promise<void>;
  /**
   * Registers for a topic or pattern, in this session and later ones. A second registration for the same topic replaces
   * its group. Resolves when the registration is live, which may be after a reconnect.
   *
   * @throws {DispatcherError} such as INVALID_ARGUMENT or PERMISSION_DENIED if the server rejects it; the session
   * continues.
   */
  register(topic: string, options?: { readonly group?: string }): Promise<void>;
  /** Deregisters a topic or pattern, spelled as it was registered. Assignments from before may still be answered. */
  deregister(topic: string): Promise<void>;
  /** Changes the maximum number of handlers at a time; at least 1. Running handlers are not affected. */
  setConcurrency(concurrency: number): void;
  /**
   * Drains the producer: it gets no new assignments, finishes those it has, and closes. After `graceMs`, it aborts the
   * handlers that still run. Resolves when the producer is closed; never rejects.
   *
   * A handler may wait for it: the promise then resolves when the other handlers have answered, and the producer is
   * closed after this handler has answered too.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Resolves when the producer is closed. Rejects if it failed for good, such as with UNAUTHENTICATED or
   * SESSION_REPLACED.
   */
  readonly closed: Promise<void>;
}
