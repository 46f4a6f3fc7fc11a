import type { Json } from "./json.js";

/** When a gather ends before its TTL. At most one of `resultCount`, `quorumPercent` and `firstSuccess`. */
export interface CompletionOptions {
  /** Ends at this many results over all producers; at least 1. */
  readonly resultCount?: number;
  /** Ends when this share of the targets, in percent from 1 to 100 and rounded up, has answered. */
  readonly quorumPercent?: number;
  /** Ends at the first result that is no error. */
  readonly firstSuccess?: boolean;
  /** Ends when no result has come for this long, in milliseconds, from the first result on. Combines with the above. */
  readonly stallTimeoutMs?: number;
  /** How many results make the summary `satisfied`; default: as many as the goal above asks for. */
  readonly minResults?: number;
  /** Whether error results count too; default false. */
  readonly countErrors?: boolean;
  /** What becomes of assignments still out when the gather ends early; default CANCEL. */
  readonly loserAction?: "CANCEL" | "LET_RUN";
}

/** Which of a topic's producers are asked; all conditions must hold. */
export interface SelectorOptions {
  /** Only producers with one of these ids; at most 1,000. Default: no restriction. */
  readonly producerIds?: readonly string[];
  /** Only producers that carry all of these labels; at most 32. Default: no restriction. */
  readonly matchLabels?: Readonly<Record<string, string>>;
  /** At most this many targets, the least busy first. Default 0: no limit. */
  readonly maxTargets?: number;
}

/** What is asked, and how. */
export interface RequestOptions {
  /** Positional arguments for the producers. Default: none. */
  readonly args?: readonly Json[];
  /** Keyword arguments for the producers; any key is allowed. Default: none. */
  readonly kwargs?: Readonly<Record<string, Json>>;
  /** Opaque payload beside or instead of `args` and `kwargs`. Default: none. */
  readonly data?: Uint8Array;
  /** Media type of `data`; free text. */
  readonly contentType?: string;
  /** Free annotations for the producers. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** How long results are awaited, in milliseconds; above 0, at most the server's limit (1 h). Default: the server's, 5 s. */
  readonly ttlMs?: number;
  /**
   * Idempotency key: 1 to 128 printable ASCII characters without spaces. A retry
   * with the same id and content is not asked twice. Default: the server mints one.
   */
  readonly requestId?: string;
  /** When the gather ends before its TTL. Default: when every target has answered. */
  readonly completion?: CompletionOptions;
  /** Which of the topic's producers are asked. Default: all. */
  readonly selector?: SelectorOptions;
  /** What happens if nobody can be asked: an empty summary (default), an error, or waiting within the TTL. */
  readonly noProducersAction?: "COMPLETE" | "FAIL" | "WAIT";
  /** Trace context: `traceparent`, `tracestate`, `baggage`; other keys are dropped by the server. */
  readonly context?: Readonly<Record<string, string>>;
  /** Cancels the request when it fires; what is still pending here then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
  /**
   * Whether the request travels in a call of its own instead of on the stream
   * that the client shares. Slower, but with flow control of its own and with
   * per-call load balancing by meshes. Default false.
   */
  readonly unary?: boolean;
}

/** {@link RequestOptions} of a gather. */
export interface GatherOptions extends RequestOptions {
  /** Whether the topic's listeners are left out; default false: they get the results too. */
  readonly excludeListeners?: boolean;
}
