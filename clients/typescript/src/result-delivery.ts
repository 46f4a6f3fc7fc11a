import { inspect } from "node:util";
import { dateFromTimestamp, msFromDuration } from "./duration.js";
import type { DispatcherError } from "./errors.js";
import { Duration } from "./gen/google/protobuf/duration.js";
import { Timestamp } from "./gen/google/protobuf/timestamp.js";
import type { Json } from "./json.js";
import { type ResultView, readResult } from "./result-view.js";
import type { WireDelivery } from "./wire-delivery.js";

/**
 * One delivered result.
 *
 * The payload (`kind`, `value`, `data`, `error`, `contentType`, `attributes`) is
 * decoded at the first look at it, and only then can fail: a malformed one throws
 * a DispatcherError with reason UNDECODABLE_RESULT, here and nowhere else.
 */
export interface ResultDelivery {
  /** The request that was answered. */
  readonly requestId: string;
  /** The request's topic. */
  readonly topic: string;
  /** Who answered. */
  readonly producerId: string;
  /** The group the producer was chosen from; empty if it registered without one. */
  readonly group: string;
  /** Arrival number within the request, from 1 without holes; 0 if late. */
  readonly ordinal: number;
  /** Whether the same producer will send further results for this request. */
  readonly more: boolean;
  /** Position in the topic's arrival order, from 1 within an epoch; 0 if late or for this caller alone. */
  readonly sequence: bigint;
  /** Whether it came after the request had ended. */
  readonly late: boolean;
  /** From the request's acceptance to the result's arrival at the server, in milliseconds. */
  readonly latencyMs: number;
  /** When the result arrived at the server, by its wall clock. */
  readonly receiveTime: Date;
  /** Trace context of the request; empty if the requester sent none. */
  readonly context: Readonly<Record<string, string>>;
  /** What the producer answered with. */
  readonly kind: "value" | "data" | "error";
  /**
   * The JSON value; null if the producer sent data.
   * @throws {DispatcherError} reason PRODUCER_ERROR, or the producer's own, if it failed.
   */
  readonly value: Json;
  /** The bytes, or undefined if the producer sent none. A view of the received message: copy it to keep it for long. */
  readonly data: Uint8Array | undefined;
  /** The producer's failure, with its code; or undefined. The reason is PRODUCER_ERROR unless it named its own. */
  readonly error: DispatcherError | undefined;
  /** Media type of `data`; free text, may be empty. */
  readonly contentType: string;
  /** The producer's annotations. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A {@link ResultDelivery} over the bytes it came in. */
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

  get topic(): string {
    return this.#delivery.topic;
  }

  get producerId(): string {
    return this.#delivery.producerId;
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
    return msFromDuration(Duration.decode(this.#delivery.latency));
  }

  get receiveTime(): Date {
    return dateFromTimestamp(Timestamp.decode(this.#delivery.receiveTime));
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

  /** Lets console.log show what plain inspection would not look for behind the getters. */
  [inspect.custom](): object {
    const { requestId, topic, producerId, group, ordinal, more, sequence, late, context } = this;
    const { latencyMs, receiveTime } = this;
    const envelope = {
      ...{ requestId, topic, producerId, group, ordinal, more, sequence, late, context },
      ...{ latencyMs, receiveTime },
    };
    try {
      return { ...envelope, ...this.#view };
    } catch (error) {
      return { ...envelope, error };
    }
  }

  get #view(): ResultView {
    this.#result ??= readResult(this.#delivery.result);
    return this.#result;
  }
}
