import type { SessionStatus } from "../connection/session-status.js";
import type { ResultDelivery } from "../result/result-delivery.js";
import type { Summary } from "../values/summary.js";

/** Deliveries that a listener lost. Reported before the topic's next delivery. */
export interface Gap {
  /** The topic, without wildcards. */
  readonly topic: string;
  /**
   * Why: the listener read too slowly (SLOW_LISTENER); the deliveries after its resume position were no longer retained
   * (RETENTION); or the numbering of the topic restarted, because the server restarted or had forgotten the topic
   * (EPOCH_CHANGED).
   */
  readonly reason: "SLOW_LISTENER" | "RETENTION" | "EPOCH_CHANGED";
  /** The first lost sequence; 0 if unknown. */
  readonly from: bigint;
  /** The last lost sequence; 0 if unknown. */
  readonly to: bigint;
  /** The number of lost deliveries; 0 if unknown. */
  readonly lostCount: bigint;
}

/** Options of a listener. */
export interface ListenerOptions {
  /** Topics or patterns: `*` matches one token; `>`, as the last token, matches one or more. May be empty. */
  readonly topics: readonly string[];
  /**
   * Called with each result, in arrival order. If it returns a promise, the next result waits until the promise
   * settles. Default: none; iterate over the listener instead.
   */
  readonly onResult?: (result: ResultDelivery) => void | Promise<void>;
  /** Called with the summary of each request, after its last result. If unset, the server sends no summaries. */
  readonly onSummary?: (summary: Summary) => void;
  /** Called for each loss, in order with the results. Default: losses are not reported. */
  readonly onGap?: (gap: Gap) => void;
  /** Called when the session's status changes, and for faults. Default: none. */
  readonly onStatus?: (status: SessionStatus) => void;
  /**
   * The listener's id: 1 to 128 printable ASCII characters without spaces. A new session with the same id replaces the
   * older one. Default: the server generates an id.
   */
  readonly id?: string;
  /**
   * The group that the listener shares the deliveries with: all results of a request go to one member. Default: none;
   * the listener gets all deliveries.
   */
  readonly group?: string;
  /** Whether to deliver results that arrive after their request has ended. Default false. */
  readonly includeLate?: boolean;
  /**
   * What the server does when its buffer for this listener is full: drop the oldest deliveries and report a gap, or end
   * the stream. Default DROP_OLDEST.
   */
  readonly overflowAction?: "DROP_OLDEST" | "DISCONNECT";
  /** The size of the server's buffer for this listener, in bytes; at least 16 KiB. Default: the server's, 4 MiB. */
  readonly bufferBytes?: number;
}

/**
 * A listener. It reconnects until it is closed, and resumes at its last position.
 *
 * Without `onResult`, iterate over it with `for await`, one loop at a time. Leaving the loop does not close the
 * listener. Up to about 1,024 results queue in this process. Then the stream is paused, and the server's buffer fills.
 */
export interface Listener extends AsyncIterable<ResultDelivery, undefined> {
  /** The listener's id, given or generated; undefined before the first session. */
  readonly id: string | undefined;
  /**
   * Resolves while a session is live, else when the next one is. Rejects if the listener is closed or has failed for
   * good.
   */
  ready(): Promise<void>;
  /**
   * Adds topics or patterns, for this session and later ones. Resolves when they are live.
   *
   * The server's confirmation arrives behind results that are already on the stream. Until it arrives, up to 65,536
   * results queue in this process, so that a loop may await this call.
   *
   * @throws {DispatcherError} INVALID_ARGUMENT if one is malformed; then none is added. RESOURCE_EXHAUSTED, reason
   * SLOW_CONSUMER, if more results arrive before the confirmation; the topics are added nevertheless.
   */
  add(...topics: string[]): Promise<void>;
  /**
   * Removes topics or patterns, spelled as they were added. Resolves after their last delivery.
   *
   * @throws {DispatcherError} SLOW_CONSUMER as {@link add} does; the topics are removed nevertheless.
   */
  remove(...topics: string[]): Promise<void>;
  /** Closes the listener at once: drops the queued results and ends the loop. Never rejects. */
  close(): Promise<void>;
  /**
   * Resolves when the listener is closed. Rejects if it failed for good, such as with UNAUTHENTICATED or
   * SESSION_REPLACED.
   */
  readonly closed: Promise<void>;
}
