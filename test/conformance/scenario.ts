/**
 * What a scenario may say; the files in `scenarios` are lists of them. What is misspelt is an error.
 */
import { z } from "zod";
import type { Json, JsonObject } from "./protocol.js";

/** Which adapter plays a part. */
export const ROLES = ["producers", "listeners", "requester"] as const;
/** A part in a scenario, played by one language. */
export type Role = (typeof ROLES)[number];

// By reference, so that a key such as __proto__ survives.
const json = z.custom<Json>((value) => value !== undefined);
const object = z.custom<JsonObject>((value) => typeof value === "object" && value !== null);
const text = z.string();
const strings = z.record(text, text);
const count = z.number().int().nonnegative();
/** A number within bounds; bounds are kept wide, since times are no more than orders of magnitude here. */
const bounds = z.strictObject({ min: z.number().optional(), max: z.number().optional() });
const message = z.union([text, z.strictObject({ contains: text })]);

const error = z.strictObject({
  code: text,
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
  error: z.strictObject({ code: text, message: text }).optional(),
  throw: text.optional(),
};

const behaviour = z.strictObject({
  ...outcome,
  delay_ms: count.max(1_000).optional(),
  partials: count.optional(),
  mute: z.literal(true).optional(),
  manual: z.literal(true).optional(),
  stubborn: z.literal(true).optional(),
});

const producer = z.strictObject({
  /** Its id; default its name; null: the server mints one. */
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
  /** In a process of its own, so that it can be killed. */
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
  /** By producer; none but these. */
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

/** `[request, producer]` or `[request, producer, value]`, a whole delivery, a summary, or a gap. */
const heard = z.union([
  z.tuple([text, text]),
  z.tuple([text, text, json]),
  delivery,
  z.strictObject({ summary }),
  z.strictObject({ gap }),
]);
/** In this order, or in any. */
const heards = z.union([z.array(heard), z.strictObject({ any_order: z.array(heard) })]);

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
    // What is done: one of these.
    producer: z.record(text, producer).optional(),
    listener: z.record(text, listener).optional(),
    dispatch: request.optional(),
    validate: request.optional(),
    gather: request.optional(),
    /** Waits for the assignment first. `to` is the request, by default the last one. */
    reply: z
      .strictObject({ producer: text, to: text.optional(), more: z.boolean().optional(), ...outcome })
      .optional(),
    register: z.strictObject({ producer: text, topic: text, group: text.optional() }).optional(),
    deregister: z.strictObject({ producer: text, topic: text }).optional(),
    credit: z.strictObject({ producer: text, concurrency: count }).optional(),
    /** Begins to drain a producer, and waits for nothing. */
    drain: text.optional(),
    /** Waits until a drain is over. */
    drained: text.optional(),
    /** Kills the process of a producer with `own_process`, or of the requester. */
    kill: text.optional(),
    update: z.strictObject({ listener: text, ...change }).optional(),
    update_listener: z.strictObject({ listener_id: text, ...change }).optional(),
    close: text.optional(),
    cancel: text.optional(),
    cancel_gather: text.optional(),
    link: z
      .strictObject({ role: z.enum(ROLES), is: z.enum(["cut", "deaf", "mute", "frozen", "away", "sound"]) })
      .optional(),
    server: z.enum(["drained", "killed", "started"]).optional(),
    /** Waits until so much has been seen. */
    until: z
      .strictObject({
        assigned: counts.optional(),
        revoked: counts.optional(),
        heard: counts.optional(),
        gathered: counts.optional(),
        ended: text.optional(),
        /** A request on the topic would ask exactly these. */
        targets: z.strictObject({ topic: text, are: z.array(text) }).optional(),
        /** The topic has so many listeners. */
        listening: z.strictObject({ topic: text, are: count }).optional(),
      })
      .optional(),
    // What comes of it.
    /** Names the request for later. */
    as: text.optional(),
    /** The request got the id, and the acceptance, of that one. */
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
  /** Exactly this, by listener; a listener that is not named hears nothing. */
  listeners: z.record(text, heards).optional(),
  /** Listeners that hear the same in the same order, whichever it is. */
  same_order: z.array(text).optional(),
  /** By name of the gather. */
  gathers: z
    .record(
      text,
      z.strictObject({ results: heards.optional(), summary: summary.optional(), failed: error.optional() }),
    )
    .optional(),
  /** What the handlers saw, by producer; revocations that are not named must not come. */
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
  /** Listeners that were ended by the server for good. */
  closed: z.record(text, error).optional(),
  /** These members of a group heard so many results, each request's all at one of them. */
  shared: z.strictObject({ by: z.array(text), results: count }).optional(),
  /** So many positions of a listener's one topic were either heard or told of in gaps, at least one each. */
  heard_or_lost: z.record(text, count).optional(),
});

/** One scenario, as written. */
export const scenarioSchema = z.strictObject({
  name: text,
  /** Also played with a different language in each role. */
  mixed: z.literal(true).optional(),
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
export type ExpectedHeard = z.infer<typeof heard>;
export type ExpectedHeards = z.infer<typeof heards>;
export type ExpectedSummary = z.infer<typeof summary>;
export type ExpectedDelivery = z.infer<typeof delivery>;
export type ExpectedError = z.infer<typeof error>;
export type ExpectedAssignment = z.infer<typeof assignment>;
export type Bounds = z.infer<typeof bounds>;
