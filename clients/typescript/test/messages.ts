import type { SubmitRequest, SubmitResponse } from "../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import type { GatherEvent } from "../src/gen/ate/dispatcher/v1/gather.js";
import type { ListenerEvent } from "../src/gen/ate/dispatcher/v1/listener.js";
import { Ready } from "../src/gen/ate/dispatcher/v1/listener.js";
import type { DispatcherMessage, ProducerMessage } from "../src/gen/ate/dispatcher/v1/producer.js";
import { Assignment, Welcome } from "../src/gen/ate/dispatcher/v1/producer.js";
import { Acceptance, Request } from "../src/gen/ate/dispatcher/v1/request.js";
import { Delivery, Result } from "../src/gen/ate/dispatcher/v1/result.js";
import { Summary, SummaryReason } from "../src/gen/ate/dispatcher/v1/summary.js";
import { ErrorInfo, RetryInfo } from "../src/gen/google/rpc/error_details.js";
import type { FakeCall } from "./fake-call.js";

const HEARTBEAT = { seconds: 20n, nanos: 0 };

/** The case of a message or event. */
export type Case<T extends { readonly $case: string } | undefined, K extends string> = Extract<
  T,
  { readonly $case: K }
>;

/** The value of a oneof in one of its cases. */
export type ValueOf<T, K> = T extends { readonly $case: K; readonly value: infer V } ? V : never;

/** Returns the value of a oneof, or fails the test if another case is set. */
export function only<T extends { readonly $case: string; readonly value: unknown }, K extends T["$case"]>(
  value: T | undefined,
  kind: K,
): ValueOf<T, K> {
  if (value?.$case !== kind) throw new Error(`expected ${kind}, got ${value?.$case}`);
  return value.value as ValueOf<T, K>;
}

/** Messages to a producer. */
export function toProducer(...messages: NonNullable<DispatcherMessage["message"]>[]): {
  messages: DispatcherMessage[];
} {
  return { messages: messages.map((message) => ({ message })) };
}

/** Events for a listener. */
export function toListener(...events: NonNullable<ListenerEvent["event"]>[]): { events: ListenerEvent[] } {
  return { events: events.map((event) => ({ event })) };
}

/** Events for a requester. */
export function toRequester(...events: NonNullable<GatherEvent["event"]>[]): { events: GatherEvent[] } {
  return { events: events.map((event) => ({ event })) };
}

/** A Welcome. */
export function welcome(fields: Partial<Welcome> = {}): Case<DispatcherMessage["message"], "welcome"> {
  const value = {
    ...Welcome.create(),
    producerId: "p-1",
    sessionId: "s-1",
    serverId: "d-1",
    heartbeatInterval: HEARTBEAT,
    ...fields,
  };
  return { $case: "welcome", value };
}

/** A Ready. */
export function ready(fields: Partial<Ready> = {}): Case<ListenerEvent["event"], "ready"> {
  const value = {
    ...Ready.create(),
    listenerId: "l-1",
    sessionId: "s-1",
    serverId: "d-1",
    heartbeatInterval: HEARTBEAT,
    ...fields,
  };
  return { $case: "ready", value };
}

/** An Assignment with a TTL of a minute. */
export function assignment(
  assignmentId: string,
  request: Partial<Request> = {},
): Case<DispatcherMessage["message"], "assignment"> {
  const value = {
    ...Assignment.create(),
    assignmentId,
    requestId: `request-of-${assignmentId}`,
    attempt: 1,
    ttl: { seconds: 60n, nanos: 0 },
    request: { ...Request.create(), topic: "topic1", ...request },
  };
  return { $case: "assignment", value };
}

/** A Delivery of a JSON value. */
export function delivery(
  topic: string,
  sequence: bigint,
  fields: Partial<Delivery> = {},
): Case<ListenerEvent["event"], "delivery"> {
  const result: Result = { ...Result.create(), outcome: { $case: "value", value: Number(sequence) } };
  return { $case: "delivery", value: { ...Delivery.create(), topic, sequence, result, ...fields } };
}

/** An Acceptance. */
export function acceptance(
  correlationId: string,
  requestId: string,
): Case<GatherEvent["event"], "acceptance"> {
  return { $case: "acceptance", value: { ...Acceptance.create(), correlationId, requestId } };
}

/** A Rejection, with RetryInfo if a delay is given. */
export function rejection(
  correlationId: string,
  code: number,
  message: string,
  retryDelayMs?: number,
  reason?: string,
): Case<GatherEvent["event"], "rejection"> {
  const retryDelay = { seconds: 0n, nanos: (retryDelayMs ?? 0) * 1e6 };
  const info = {
    typeUrl: "type.googleapis.com/google.rpc.RetryInfo",
    value: RetryInfo.encode({ retryDelay }).finish(),
  };
  const details = retryDelayMs === undefined ? [] : [info];
  if (reason !== undefined) {
    const value = ErrorInfo.encode({ reason, domain: "ate.dispatcher", metadata: {} }).finish();
    details.push({ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value });
  }
  return { $case: "rejection", value: { correlationId, status: { code, message, details } } };
}

/** Accepts a dispatch that arrives on a new stream, and waits until it resolves. */
export async function accepted(
  dispatch: Promise<{ readonly requestId: string }>,
  call: FakeCall<SubmitRequest, SubmitResponse>,
): Promise<void> {
  const [submission] = (await call.next()).submissions;
  call.send(toRequester(acceptance(submission?.correlationId ?? "", "accepted")));
  if ((await dispatch).requestId !== "accepted") throw new Error("the acceptance of another request");
}

/** A Summary. */
export function summary(
  requestId: string,
  reason: SummaryReason = SummaryReason.ALL_ANSWERED,
): Case<GatherEvent["event"], "summary"> {
  return { $case: "summary", value: { ...Summary.create(), requestId, topic: "topic1", reason } };
}

type Message = NonNullable<ProducerMessage["message"]>;

/** The messages of a producer, one by one, independent of their batches. */
export class SentMessages {
  readonly #call: { next(): Promise<{ readonly messages: readonly ProducerMessage[] }> };
  #waiting: ProducerMessage[] = [];

  constructor(call: { next(): Promise<{ readonly messages: readonly ProducerMessage[] }> }) {
    this.#call = call;
  }

  /** Waits for the next message, and fails the test if it is of another kind. */
  async next<K extends Message["$case"]>(kind: K): Promise<ValueOf<Message, K>> {
    while (this.#waiting.length === 0) this.#waiting = [...(await this.#call.next()).messages];
    return only(this.#waiting.shift()?.message, kind);
  }
}
