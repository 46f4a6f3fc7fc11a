import type { ResultDelivery } from "./result-delivery.js";
import type { SessionStatus } from "./session-status.js";
import type { Summary } from "./summary.js";

/** What a listener lost, exactly; it comes before the topic's next delivery. */
export interface Gap {
  /** The topic, without wildcards. */
  readonly topic: string;
  /** It read too slowly; or what it resumed from was no longer retained; or the server forgot the topic or restarted. */
  readonly reason: "SLOW_LISTENER" | "RETENTION" | "EPOCH_CHANGED";
  /** The first lost position; 0 if it cannot be told. */
  readonly from: bigint;
  /** The last lost position; 0 if it cannot be told. */
  readonly to: bigint;
  /** How many deliveries were lost; 0 if it cannot be told. */
  readonly lostCount: bigint;
}

/** Who listens, to what, and how. */
export interface ListenerOptions {
  /** Topics or patterns: `*` stands for one token, `>` as the last one for one or more. May be empty. */
  readonly topics: readonly string[];
  /**
   * Takes each result, in arrival order. While it returns a promise that is
   * pending, the next one waits. Without it, iterate over the listener.
   */
  readonly onResult?: (result: ResultDelivery) => void | Promise<void>;
  /** Takes the summaries of the topics' requests, each after the request's last result; setting it asks the server for them. */
  readonly onSummary?: (summary: Summary) => void;
  /** Told what was lost, in its place among the results. */
  readonly onGap?: (gap: Gap) => void;
  /** Told what happens to the session. */
  readonly onStatus?: (status: SessionStatus) => void;
  /** 1 to 128 printable ASCII characters without spaces; the newest session of an id wins. Default: the server mints one. */
  readonly id?: string;
  /** Members of one group share the deliveries. Default: every delivery. */
  readonly group?: string;
  /** Whether late results are wanted too; default false. */
  readonly includeLate?: boolean;
  /** What the server does when this listener reads too slowly: drop the oldest and say so (default), or end the stream. */
  readonly overflowAction?: "DROP_OLDEST" | "DISCONNECT";
  /** How many bytes the server may queue for this listener, from 16 KiB. Default: the server's, 4 MiB. */
  readonly bufferBytes?: number;
}

/**
 * A listener that stays connected until it is closed, and resumes where it was.
 *
 * Without `onResult` it is iterated with `for await`, by one loop at a time.
 * Leaving the loop does not close it. Results that are not taken wait here, up to
 * about 1,024; then the stream is paused, and the server's own buffer fills.
 */
export interface Listener extends AsyncIterable<ResultDelivery, undefined> {
  /** Its id, as given or minted; undefined before the first session. */
  readonly id: string | undefined;
  /** Resolves once live, or with the next session; rejects if there will be none. */
  ready(): Promise<void>;
  /**
   * Adds topics or patterns, also for later sessions; resolves once they are live.
   *
   * The server's answer comes after the results that are on their way. While it is
   * awaited, up to 65,536 results wait here, so that a loop may await it, too.
   * @throws {DispatcherError} INVALID_ARGUMENT if one is malformed; nothing is added then. RESOURCE_EXHAUSTED, reason
   * SLOW_CONSUMER, if more results come first; the topics are added all the same.
   */
  add(...topics: string[]): Promise<void>;
  /**
   * Removes topics or patterns, written as they were added; resolves after the last delivery of theirs.
   * @throws {DispatcherError} SLOW_CONSUMER as {@link add} does; the topics are removed all the same.
   */
  remove(...topics: string[]): Promise<void>;
  /** Ends at once; results that were not taken are dropped, and a loop over them ends. Never rejects. */
  close(): Promise<void>;
  /** Resolves when it is over; rejects if the server refused it for good, such as UNAUTHENTICATED or SESSION_REPLACED. */
  readonly closed: Promise<void>;
}
