import { inspect } from "node:util";
import { orUndefined } from "../error-text.js";
import type { DispatcherError } from "../errors.js";
import { Duration } from "../gen/google/protobuf/duration.js";
import { Timestamp } from "../gen/google/protobuf/timestamp.js";
import type { Json } from "../json/json.js";
import { dateFromTimestamp, msFromDuration } from "../values/duration.js";
import type { WireDelivery } from "../wire/wire-delivery.js";
import { type ResultView, readResult, undecodable } from "./result-view.js";

/**
 * A delivered result.
 *
 * The payload (`kind`, `value`, `data`, `error`, `contentType`, `attributes`) is decoded on first access. A malformed one
 * is an error result of its own, whose error has the reason UNDECODABLE_RESULT; other results are not affected.
 */
export interface ResultDelivery {
  /** The id of the request that the result answers. */
  readonly requestId: string;
  /** The principal whose request it is, as the server authenticated it; empty if the requester is anonymous. */
  readonly requester: string;
  /** The request's topic. */
  readonly topic: string;
  /** The producer that sent the result. */
  readonly producerId: string;
  /** The principal of the producer: the same id of another principal is another producer. Empty if it is anonymous. */
  readonly principal: string;
  /** The group that the producer was chosen from; empty if the producer registered without a group. */
  readonly group: string;
  /** The position in the request's arrival order, from 1 without gaps; 0 if late. */
  readonly ordinal: number;
  /** Whether the producer will send further results for this request; false for the final one. */
  readonly more: boolean;
  /**
   * The position in the topic's arrival order, from 1 in each epoch. 0 if late, or if only the requester gets the
   * result.
   */
  readonly sequence: bigint;
  /** Whether the result arrived after the request had ended. */
  readonly late: boolean;
  /** The time from the request's acceptance to the result's arrival at the server, in milliseconds. */
  readonly latencyMs: number;
  /** When the result arrived at the server, by its wall clock. */
  readonly receiveTime: Date;
  /** The request's trace context; empty if the requester sent none. */
  readonly context: Readonly<Record<string, string>>;
  /** The kind of the payload. */
  readonly kind: "value" | "data" | "error";
  /**
   * The JSON value; null if the producer sent data.
   *
   * @throws {DispatcherError} the `error` of the result, if it is an error result.
   */
  readonly value: Json;
  /**
   * The bytes; undefined if the producer sent a value or an error. A view of the received message: copy the bytes to
   * keep them, since the view keeps the whole message in memory.
   */
  readonly data: Uint8Array | undefined;
  /** The error of an error result, else undefined. Its reason is PRODUCER_ERROR unless the producer set another one. */
  readonly error: DispatcherError | undefined;
  /** Media type of `data`; not checked, may be empty. */
  readonly contentType: string;
  /** The producer's attributes; empty if it sent none. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The implementation of {@link ResultDelivery}. Decodes the payload from the received bytes on first access. */
export class ReceivedResult implements ResultDelivery {
  readonly #delivery: WireDelivery;
  #result: ResultView | undefined;
  #data: Uint8Array | undefined;

  constructor(delivery: WireDelivery) {
    this.#delivery = delivery;
  }

  get requestId(): string {
    return this.#delivery.requestId;
  }

  get requester(): string {
    return this.#delivery.requester;
  }

  get topic(): string {
    return this.#delivery.topic;
  }

  get producerId(): string {
    return this.#delivery.producerId;
  }

  get principal(): string {
    return this.#delivery.principal;
  }

  get group(): string {
    return this.#delivery.group;
  }

  get ordinal(): number {
    return this.#delivery.ordinal;
  }

  get more(): boolean {
    return this.#delivery.more;
  }

  get sequence(): bigint {
    return this.#delivery.sequence;
  }

  get late(): boolean {
    return this.#delivery.late;
  }

  get context(): Readonly<Record<string, string>> {
    return this.#delivery.context;
  }

  get latencyMs(): number {
    return decoded("latency", () => msFromDuration(Duration.decode(this.#delivery.latency)));
  }

  get receiveTime(): Date {
    return decoded("time", () => dateFromTimestamp(Timestamp.decode(this.#delivery.receiveTime)));
  }

  get kind(): "value" | "data" | "error" {
    return this.#view.kind;
  }

  get value(): Json {
    const { error, value } = this.#view;
    if (error !== undefined) throw error;
    return value;
  }

  get data(): Uint8Array | undefined {
    if (this.#data === undefined) {
      this.#data = (this.#result === undefined ? this.#delivery.bareData : undefined) ?? this.#view.data;
    }
    return this.#data;
  }

  get error(): DispatcherError | undefined {
    return this.#view.error;
  }

  get contentType(): string {
    return this.#view.contentType;
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.#view.attributes;
  }

  /** Shows the values of the getters in console.log, which would print none of them. */
  [inspect.custom](): object {
    const { requestId, requester, topic, producerId, principal, group } = this;
    const { ordinal, more, sequence, late, context } = this;
    const source = { requestId, requester, topic, producerId, principal, group };
    const envelope = { ...source, ordinal, more, sequence, late, context };
    const [latencyMs, receiveTime] = [orUndefined(() => this.latencyMs), orUndefined(() => this.receiveTime)];
    return { ...envelope, latencyMs, receiveTime, ...this.#view };
  }

  get #view(): ResultView {
    this.#result ??= readResult(this.#delivery.result);
    return this.#result;
  }
}

/** Reads a part of the envelope. @throws {DispatcherError} DATA_LOSS, reason UNDECODABLE_RESULT, if it is malformed. */
function decoded<T>(part: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw undecodable(part, cause);
  }
}
