// Types of the adapter protocol. adapter-protocol.md is the specification.

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** How a handler ends; without any field, with the value null. */
export interface Outcome {
  readonly echo?: boolean;
  readonly echo_data?: boolean;
  readonly value?: Json;
  /** Base64. */
  readonly data?: string;
  readonly content_type?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly metadata?: Readonly<Record<string, string>>;
  };
  readonly throw?: string;
  /** The error has no text, or its text cannot be read. */
  readonly unprintable?: "no_text" | "text_fails";
}

/** The script of a handler for one assignment. */
export interface Behaviour extends Outcome {
  readonly delay_ms?: number;
  readonly partials?: number;
  readonly mute?: boolean;
  readonly manual?: boolean;
  readonly stubborn?: boolean;
  readonly closes?: boolean;
}

/** A topic or pattern that a producer registers on. */
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
  readonly failing_callbacks?: boolean;
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
  readonly failing_callbacks?: boolean;
  readonly closes?: boolean;
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

/** Selects producers of a topic. */
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

/** The error of a command or of a producer. */
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

/** The outcome of one target's assignment. */
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

/** An assignment as the handler sees it, as part of an event. */
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

/** A gap, as part of an event. */
export interface GapFields {
  readonly topic: string;
  readonly reason: string;
  readonly from?: number;
  readonly to?: number;
  readonly lost_count?: number;
}

/** A line from an adapter that is not an answer. */
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

/** The answer to a command. */
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

/** A command; `op` determines its fields. */
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
  /** For `producer.register`. */
  readonly topics?: readonly (string | Registration)[];
}
