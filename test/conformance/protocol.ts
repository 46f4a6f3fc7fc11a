// The adapter protocol in types; adapter-protocol.md is what counts.

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** How a handler ends; with none of them, a null value. */
export interface Outcome {
  readonly echo?: boolean;
  readonly echo_data?: boolean;
  readonly value?: Json;
  /** Base64. */
  readonly data?: string;
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly throw?: string;
}

/** What a handler does with an assignment. */
export interface Behaviour extends Outcome {
  readonly delay_ms?: number;
  readonly partials?: number;
  readonly mute?: boolean;
  readonly manual?: boolean;
  readonly stubborn?: boolean;
}

/** A topic or pattern that a producer joins. */
export interface Registration {
  readonly topic: string;
  readonly group?: string;
}

/** The fields of `producer.open`. */
export interface ProducerFields {
  readonly producer: string;
  readonly producer_id?: string;
  readonly topics: readonly Registration[];
  readonly concurrency?: number;
  readonly backlog?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly display_name?: string;
  readonly dispositions?: boolean;
  readonly behaviour?: Behaviour;
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
}

/** The fields of `listener.open`. */
export interface ListenerFields {
  readonly listener: string;
  readonly listener_id?: string;
  readonly topics: readonly string[];
  readonly include_late?: boolean;
  readonly summaries?: boolean;
  readonly group?: string;
  readonly buffer_bytes?: number;
  readonly overflow_action?: "DROP_OLDEST" | "DISCONNECT";
}

/** When a gather ends before its TTL. */
export interface CompletionFields {
  readonly result_count?: number;
  readonly quorum_percent?: number;
  readonly first_success?: boolean;
  readonly stall_timeout_ms?: number;
  readonly min_results?: number;
  readonly count_errors?: boolean;
  readonly loser_action?: "CANCEL" | "LET_RUN";
}

/** Which of a topic's producers are asked. */
export interface SelectorFields {
  readonly producer_ids?: readonly string[];
  readonly match_labels?: Readonly<Record<string, string>>;
  readonly max_targets?: number;
}

/** The fields of `dispatch`, `validate` and `gather`. */
export interface RequestFields {
  readonly topic: string;
  readonly args?: readonly Json[];
  readonly kwargs?: JsonObject;
  /** Base64. */
  readonly data?: string;
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly ttl_ms?: number;
  readonly request_id?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly completion?: CompletionFields;
  readonly selector?: SelectorFields;
  readonly no_producers_action?: "COMPLETE" | "FAIL" | "WAIT";
  readonly unary?: boolean;
  readonly exclude_listeners?: boolean;
}

/** Why something was refused, or how a producer failed. */
export interface ErrorFields {
  readonly code: string;
  readonly reason?: string;
  readonly message?: string;
  readonly fields?: readonly string[];
}

/** An acceptance. */
export interface AcceptanceFields {
  readonly request_id?: string;
  readonly targets?: readonly { readonly producer_id?: string; readonly group?: string }[];
  readonly listener_count?: number;
  readonly ttl_ms?: number;
}

/** A delivery, as part of an event. */
export interface DeliveryFields {
  readonly request_id: string;
  readonly topic: string;
  readonly producer_id: string;
  readonly group?: string;
  readonly ordinal?: number;
  readonly sequence?: number;
  readonly more?: boolean;
  readonly late?: boolean;
  readonly latency_ms?: number;
  readonly context?: Readonly<Record<string, string>>;
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly kind?: "value" | "data" | "error";
  readonly value?: Json;
  readonly data?: string;
  readonly error?: ErrorFields;
}

/** What became of one target. */
export interface OutcomeFields {
  readonly producer_id: string;
  readonly group?: string;
  readonly state: string;
  readonly latency_ms?: number;
  readonly result_count?: number;
  readonly error?: ErrorFields;
}

/** A summary, as part of an event or answer. */
export interface SummaryFields {
  readonly request_id: string;
  readonly topic: string;
  readonly reason: string;
  readonly satisfied?: boolean;
  readonly targeted_count?: number;
  readonly answered_count?: number;
  readonly failed_count?: number;
  readonly missing_count?: number;
  readonly elapsed_ms?: number;
  readonly outcomes?: readonly OutcomeFields[];
}

/** What a handler sees, as part of an event. */
export interface AssignmentFields {
  readonly request_id: string;
  readonly topic: string;
  readonly attempt?: number;
  readonly args?: readonly Json[];
  readonly kwargs?: JsonObject;
  readonly data?: string;
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
  readonly remaining_ms?: number;
}

/** What a listener lost, as part of an event. */
export interface GapFields {
  readonly topic: string;
  readonly reason: string;
  readonly from?: number;
  readonly to?: number;
  readonly lost_count?: number;
}

/** A line of an adapter that answers no command. */
export type AdapterEvent =
  | ({ readonly event: "assignment"; readonly producer: string } & AssignmentFields)
  | {
      readonly event: "revoked";
      readonly producer: string;
      readonly request_id: string;
      readonly reason: string;
    }
  | { readonly event: "disposition"; readonly producer: string; readonly state: string }
  | ({ readonly event: "result"; readonly listener: string } & DeliveryFields)
  | ({ readonly event: "summary"; readonly listener: string } & SummaryFields)
  | ({ readonly event: "gap"; readonly listener: string } & GapFields)
  | ({ readonly event: "gather.result"; readonly gather: string } & DeliveryFields)
  | ({ readonly event: "gather.summary"; readonly gather: string } & SummaryFields)
  | { readonly event: "gather.failed"; readonly gather: string; readonly error: ErrorFields }
  | {
      readonly event: "closed";
      readonly producer?: string;
      readonly listener?: string;
      readonly error?: ErrorFields;
    };

/** What an adapter answers a command with. */
export interface Answer {
  readonly language?: string;
  readonly version?: string;
  readonly features?: readonly string[];
  readonly producer_id?: string;
  readonly listener_id?: string;
  readonly topics?: readonly string[];
  readonly acceptance?: AcceptanceFields;
  readonly summary?: SummaryFields;
}

/** A command; which fields it has depends on `op`. */
export interface Command extends Partial<RequestFields>, Partial<Outcome> {
  readonly id: number;
  readonly op: string;
  readonly producer?: string;
  readonly listener?: string;
  readonly listener_id?: string;
  readonly gather?: string;
  readonly group?: string;
  readonly more?: boolean;
  readonly grace_ms?: number;
  readonly concurrency?: number;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}
