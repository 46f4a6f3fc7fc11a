/**
 * The schema of a scenario. Each file in `scenarios` is a list of scenarios. Unknown keys are errors.
 */
import { z } from "zod";
import type { Json, JsonObject } from "./protocol.js";

/** The roles of a scenario; one adapter plays each. */
export const ROLES = ["producers", "listeners", "requester"] as const;
/** A role in a scenario. */
export type Role = (typeof ROLES)[number];

/** The ways in which the connections of a role can fail; see README.md. */
export const CONNECTION_STATES = [
  "cut",
  "not_receiving",
  "not_sending",
  "half_open",
  "refused",
  "healthy",
] as const;

// By reference, so that a key such as __proto__ survives.
const json = z.custom<Json>((value) => value !== undefined);
const object = z.custom<JsonObject>((value) => typeof value === "object" && value !== null);
const text = z.string();
const strings = z.record(text, text);
const count = z.number().int().nonnegative();
/** Inclusive bounds of a number. Keep them wide: the machine may be loaded. */
const bounds = z.strictObject({ min: z.number().optional(), max: z.number().optional() });
/** The whole text, or a part of it, or its maximum length in characters. */
const message = z.union([text, z.strictObject({ contains: text, at_most: count.optional() })]);

const error = z.strictObject({
  code: text.optional(),
  reason: text.optional(),
  message: message.optional(),
  fields: z.array(text).optional(),
});

const outcome = {
  echo: z.literal(true).optional(),
  echo_data: z.literal(true).optional(),
  value: json.optional(),
  data: text.optional(),
  content_type: text.optional(),
  attributes: strings.optional(),
  error: z.strictObject({ code: text, message: text, metadata: strings.optional() }).optional(),
  throw: text.optional(),
  unprintable: z.enum(["no_text", "text_fails"]).optional(),
};

const behaviour = z.strictObject({
  ...outcome,
  delay_ms: count.max(1_000).optional(),
  partials: count.optional(),
  mute: z.literal(true).optional(),
  manual: z.literal(true).optional(),
  stubborn: z.literal(true).optional(),
  closes: z.literal(true).optional(),
});

const producer = z.strictObject({
  /** Default: the name of the producer. null: the server mints an id. */
  id: text.nullable().optional(),
  topics: z.array(z.union([text, z.strictObject({ topic: text, group: text.optional() })])),
  concurrency: count.optional(),
  backlog: count.optional(),
  labels: strings.optional(),
  display_name: text.optional(),
  dispositions: z.boolean().optional(),
  /** Default: manual. */
  behaviour: behaviour.optional(),
  behaviours: z.record(text, behaviour).optional(),
  failing_callbacks: z.literal(true).optional(),
  /** Runs the producer in its own process, so that `kill` can kill it. */
  own_process: z.literal(true).optional(),
});

const listener = z.strictObject({
  id: text.nullable().optional(),
  topics: z.array(text),
  include_late: z.boolean().optional(),
  summaries: z.boolean().optional(),
  group: text.optional(),
  buffer_bytes: count.optional(),
  overflow_action: z.enum(["DROP_OLDEST", "DISCONNECT"]).optional(),
  failing_callbacks: z.literal(true).optional(),
  closes: z.literal(true).optional(),
});

const request = z.strictObject({
  topic: text,
  args: z.array(json).optional(),
  kwargs: object.optional(),
  data: text.optional(),
  content_type: text.optional(),
  attributes: strings.optional(),
  ttl_ms: z.number().optional(),
  request_id: text.optional(),
  context: strings.optional(),
  completion: z
    .strictObject({
      result_count: z.number().optional(),
      quorum_percent: z.number().optional(),
      first_success: z.boolean().optional(),
      stall_timeout_ms: z.number().optional(),
      min_results: z.number().optional(),
      count_errors: z.boolean().optional(),
      loser_action: z.enum(["CANCEL", "LET_RUN"]).optional(),
    })
    .optional(),
  selector: z
    .strictObject({
      producer_ids: z.array(text).optional(),
      match_labels: strings.optional(),
      max_targets: z.number().optional(),
    })
    .optional(),
  no_producers_action: z.enum(["COMPLETE", "FAIL", "WAIT"]).optional(),
  unary: z.boolean().optional(),
  exclude_listeners: z.boolean().optional(),
});

const producerOutcome = z.strictObject({
  state: text,
  group: text.optional(),
  results: count.optional(),
  error: error.optional(),
  latency_ms: bounds.optional(),
});

const summary = z.strictObject({
  of: text.optional(),
  reason: text,
  satisfied: z.boolean().optional(),
  elapsed_ms: bounds.optional(),
  /** All outcomes, by producer. */
  outcomes: z.record(text, z.union([text, producerOutcome])).optional(),
});

const delivery = z.strictObject({
  of: text,
  from: text,
  topic: text.optional(),
  group: text.optional(),
  ordinal: count.optional(),
  sequence: count.optional(),
  more: z.boolean().optional(),
  late: z.boolean().optional(),
  latency_ms: bounds.optional(),
  value: json.optional(),
  data: text.optional(),
  error: error.optional(),
  content_type: text.optional(),
  attributes: strings.optional(),
  context: strings.optional(),
});

const gap = z.strictObject({ topic: text, reason: text, from: count.optional(), to: count.optional() });

/** An event: `[request, producer]` or `[request, producer, value]`, a whole delivery, a summary, or a gap. */
const receivedEvent = z.union([
  z.tuple([text, text]),
  z.tuple([text, text, json]),
  delivery,
  z.strictObject({ summary }),
  z.strictObject({ gap }),
]);
/** Events in this order, or in any order. */
const receivedEvents = z.union([
  z.array(receivedEvent),
  z.strictObject({ any_order: z.array(receivedEvent) }),
]);

const assignment = z.strictObject({
  of: text,
  topic: text.optional(),
  attempt: count.optional(),
  args: z.array(json).optional(),
  kwargs: object.optional(),
  data: text.optional(),
  content_type: text.optional(),
  attributes: strings.optional(),
  context: strings.optional(),
  remaining_ms: bounds.optional(),
});

const change = { add: z.array(text).optional(), remove: z.array(text).optional() };
const counts = z.record(text, count);

const step = z
  .strictObject({
    // The action: one of these.
    producer: z.record(text, producer).optional(),
    listener: z.record(text, listener).optional(),
    dispatch: request.optional(),
    validate: request.optional(),
    gather: request.optional(),
    /** Waits for the assignment first. `to` names the request; default: the latest one. */
    reply: z
      .strictObject({ producer: text, to: text.optional(), more: z.boolean().optional(), ...outcome })
      .optional(),
    /** One topic, or several at the same time. */
    register: z
      .strictObject({
        producer: text,
        topic: text.optional(),
        topics: z.array(text).optional(),
        group: text.optional(),
      })
      .optional(),
    deregister: z.strictObject({ producer: text, topic: text }).optional(),
    credit: z.strictObject({ producer: text, concurrency: count }).optional(),
    /** Begins to drain a producer without waiting. */
    drain: text.optional(),
    /** Waits for the end of a drain. */
    drained: text.optional(),
    /** Kills the process of a producer with `own_process`, or of the requester. */
    kill: text.optional(),
    update: z.strictObject({ listener: text, ...change }).optional(),
    update_listener: z.strictObject({ listener_id: text, ...change }).optional(),
    close: text.optional(),
    /** Closes the client of a role. Its peers have ended, and every later call on it or on them is refused. */
    close_client: z.enum(ROLES).optional(),
    cancel: text.optional(),
    cancel_gather: text.optional(),
    connection: z.strictObject({ role: z.enum(ROLES), is: z.enum(CONNECTION_STATES) }).optional(),
    server: z.enum(["drained", "killed", "started"]).optional(),
    /** Waits until these numbers of events have been reported. */
    until: z
      .strictObject({
        assigned: counts.optional(),
        revoked: counts.optional(),
        received: counts.optional(),
        gathered: counts.optional(),
        ended: text.optional(),
        /** A request on the topic would have exactly these targets. */
        targets: z.strictObject({ topic: text, are: z.array(text) }).optional(),
        /** The topic has this number of listeners. */
        listening: z.strictObject({ topic: text, are: count }).optional(),
      })
      .optional(),
    // The expected outcome of the action.
    /** Names the request for later. */
    as: text.optional(),
    /** The request is a repetition of the named one: it got the same id and acceptance. */
    same_as: text.optional(),
    targets: z.array(text).optional(),
    listeners: count.optional(),
    ttl_ms: bounds.optional(),
    refused: error.optional(),
    topics: z.array(text).optional(),
    summary: summary.optional(),
  })
  .strict();

const expectation = z.strictObject({
  /** All events, by listener. A listener that is not named receives nothing. */
  listeners: z.record(text, receivedEvents).optional(),
  /** Listeners that receive the same events in the same order, whichever order that is. */
  same_order: z.array(text).optional(),
  /** By name of the gather. */
  gathers: z
    .record(
      text,
      z.strictObject({
        results: receivedEvents.optional(),
        summary: summary.optional(),
        failed: error.optional(),
      }),
    )
    .optional(),
  /** Events of the handlers, by producer. Revocations that are not named are errors. */
  producers: z
    .record(
      text,
      z.strictObject({
        assignments: z.array(z.union([text, assignment])).optional(),
        revoked: z.record(text, text).optional(),
        dispositions: z.array(text).optional(),
        closed: error.optional(),
      }),
    )
    .optional(),
  /** Listeners whose sessions the server ended for good. */
  closed: z.record(text, error).optional(),
  /** These members of a group received this number of results, all results of a request at one member. */
  shared: z.strictObject({ by: z.array(text), results: count }).optional(),
  /** This number of sequences of a listener's only topic was received or reported in gaps; at least one of each. */
  received_or_lost: z.record(text, count).optional(),
});

/** The schema of one scenario. */
export const scenarioSchema = z.strictObject({
  name: text,
  /** Also runs with a different language in each role. */
  mixed: z.literal(true).optional(),
  /** Whether it runs only against a secured server. */
  secured: z.literal(true).optional(),
  /** Features that the producers' adapter must have. */
  needs: z.array(text).optional(),
  server: z.record(text, z.union([text, z.number(), z.boolean()])).optional(),
  producers: z.record(text, producer).optional(),
  listeners: z.record(text, listener).optional(),
  steps: z.array(step),
  expect: expectation.optional(),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type Step = z.infer<typeof step>;
export type ProducerSpec = z.infer<typeof producer>;
export type ListenerSpec = z.infer<typeof listener>;
export type RequestSpec = z.infer<typeof request>;
export type Expectation = z.infer<typeof expectation>;
export type ExpectedEvent = z.infer<typeof receivedEvent>;
export type ExpectedEvents = z.infer<typeof receivedEvents>;
export type ExpectedSummary = z.infer<typeof summary>;
export type ExpectedDelivery = z.infer<typeof delivery>;
export type ExpectedError = z.infer<typeof error>;
export type ExpectedAssignment = z.infer<typeof assignment>;
export type Bounds = z.infer<typeof bounds>;
