import type { Json } from "../json/json.js";

/** When a request ends before its TTL. At most one of `resultCount`, `quorumPercent` and `firstSuccess` may be set. */
export interface CompletionOptions {
  /** End after this many results from all producers together; at least 1. */
  readonly resultCount?: number;
  /** End when this percentage of the targets, rounded up, has answered; 1 to 100. */
  readonly quorumPercent?: number;
  /** End at the first result that is not an error. Default false. */
  readonly firstSuccess?: boolean;
  /**
   * End when no result arrives for this long after the previous one, in milliseconds; above 0. Combines with the
   * above.
   */
  readonly stallTimeoutMs?: number;
  /** The number of results from which the summary is `satisfied`. Default: the goal above, or else one per target. */
  readonly minResults?: number;
  /** Whether error results count as results. Default false. */
  readonly countErrors?: boolean;
  /**
   * Whether to revoke the outstanding assignments when the request ends early (CANCEL) or not (LET_RUN). Default
   * CANCEL.
   */
  readonly loserAction?: "CANCEL" | "LET_RUN";
}

/** Which producers of a topic are asked. A producer must meet all conditions. */
export interface SelectorOptions {
  /** Only producers with one of these ids; at most 1,000. Default: no restriction. */
  readonly producerIds?: readonly string[];
  /** Only producers of these principals; at most 1,000. Default: no restriction. */
  readonly principals?: readonly string[];
  /** Only producers that carry all of these labels; at most 32. Default: no restriction. */
  readonly matchLabels?: Readonly<Record<string, string>>;
  /** The maximum number of targets; the least busy producers are chosen. Default 0: no limit. */
  readonly maxTargets?: number;
}

/** Options of a request. */
export interface RequestOptions {
  /** Positional arguments for the producers. Default: none. */
  readonly args?: readonly Json[];
  /** Keyword arguments for the producers; any key is allowed. Default: none. */
  readonly kwargs?: Readonly<Record<string, Json>>;
  /** Opaque payload, in addition to `args` and `kwargs` or instead of them. Default: none. */
  readonly data?: Uint8Array;
  /** Media type of `data`; not checked. Default: empty. */
  readonly contentType?: string;
  /** Annotations for the producers; the dispatcher passes them on unread. Default: none. */
  readonly attributes?: Readonly<Record<string, string>>;
  /**
   * How long the dispatcher accepts results, in milliseconds. Above 0, up to the server's limit, 1 h unless configured.
   * Default: the server's, 5 s.
   */
  readonly ttlMs?: number;
  /**
   * The idempotency key: 1 to 128 printable ASCII characters without spaces. A retry with the same id and content does
   * not reach the producers a second time. Default: the server generates an id.
   */
  readonly requestId?: string;
  /** When the request ends before its TTL. Default: when every target has answered. */
  readonly completion?: CompletionOptions;
  /** Which of the topic's producers are asked. Default: all. */
  readonly selector?: SelectorOptions;
  /**
   * What happens if no producer can be asked. COMPLETE: the request ends at once with an empty summary. FAIL: it is
   * rejected with NO_PRODUCERS. WAIT: it waits for a producer within its TTL. Default COMPLETE.
   */
  readonly noProducersAction?: "COMPLETE" | "FAIL" | "WAIT";
  /** Trace context: `traceparent`, `tracestate`, `baggage`. The server drops other keys. Default: none. */
  readonly context?: Readonly<Record<string, string>>;
  /** Cancels the request when it fires; the pending promises then reject with CANCELLED. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Whether to send the request in a call of its own instead of on the client's shared stream. A separate call is
   * slower, but it has its own flow control, and a mesh can balance the load call by call. Default false.
   */
  readonly unary?: boolean;
}

/** Options of a gather. */
export interface GatherOptions extends RequestOptions {
  /** Whether to withhold the results from the topic's listeners. Default false: they receive the results too. */
  readonly excludeListeners?: boolean;
}

/** Options of the cancellation of a request. */
export interface CancelOptions {
  /**
   * The principal whose request it is: the `requester` of its summary. Another principal's request can be cancelled only
   * by those who may `administer` its topic. Default: that of this client.
   */
  readonly principal?: string;
}
