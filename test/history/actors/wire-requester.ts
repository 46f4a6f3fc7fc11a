/**
 * A requester on generated messages only: it uses one Submit stream, or one call per request.
 */
import {
  GatherRequest,
  GatherResponse,
  LoserAction,
  NoProducersAction,
  type Status,
  SubmitRequest,
  SubmitResponse,
} from "ate-dispatcher-client/internal";
import { duration, type GatherCase, millis, type RequestInit } from "../../support/wire-client.js";
import { RefusedError, readStatus } from "../../support/wire-status.js";
import type { RequestFacts } from "../history.js";
import { digestOf, makePayload } from "../payload.js";
import type { RequesterSpec, RequestSpec } from "../plan.js";
import { openPort, type Port, type Receiver } from "../port.js";
import { deliveryOf, summaryOf } from "../read.js";
import { RETRY_MS, type RunContext } from "../run-context.js";

interface Stream {
  readonly name: string;
  readonly port: Port;
  isSound: boolean;
  /** Gathers that have targets and have not ended. */
  readonly gathering: Set<string>;
  beatCount: number;
}

/** One requester, across its streams. */
export class WireRequester {
  /** Its Submit stream, or its open Gathers. */
  readonly #streams = new Set<Stream>();
  readonly #gathers = new Set<string>();
  readonly #requestOf = new Map<string, string>();
  #submit: Stream | undefined;
  #backMs = RETRY_MS;

  constructor(
    private readonly context: RunContext,
    private readonly spec: RequesterSpec,
    private readonly address: string,
  ) {}

  /** Heartbeats of the Submit stream; undefined without a stream. */
  get beatCount(): number | undefined {
    return this.#submit?.beatCount;
  }

  /** Whether a gather is pending, so that its end has an effect. */
  get isBusy(): boolean {
    return [...this.#streams].some(({ isSound, gathering }) => isSound && gathering.size > 0);
  }

  open(): void {
    if (this.context.isEnding || this.spec.make === "unary") return;
    this.#submit = this.#openStream("Submit");
  }

  /** Sends a request. */
  request(spec: RequestSpec, isRepeat = false): void {
    const { context } = this;
    if (spec.gather) this.#gathers.add(spec.requestId);
    if (this.spec.make === "submit") {
      const stream = this.#submit;
      if (!stream?.isSound) return;
      const correlationId = context.fresh("c");
      this.#requestOf.set(correlationId, spec.requestId);
      context.note("submitted", { caller: stream.name, isRepeat, ...requestFacts(spec) });
      const { gather, excludeListeners } = spec;
      const submission = { correlationId, request: requestOf(spec), gather, excludeListeners };
      const message = SubmitRequest.fromPartial({ submissions: [submission] });
      stream.port.send(SubmitRequest.encode(message).finish());
    } else if (spec.gather) {
      const message = GatherRequest.fromPartial({
        request: requestOf(spec),
        excludeListeners: spec.excludeListeners,
      });
      this.#openStream("Gather", spec, GatherRequest.encode(message).finish());
    } else {
      void this.#dispatch(spec);
    }
  }

  breakOff(by: string, sever: (() => void) | undefined, backMs: number): void {
    this.#backMs = backMs;
    for (const stream of this.#streams) {
      if (!stream.isSound) continue;
      stream.isSound = false;
      this.context.note("callerBroken", { caller: stream.name, by });
      if (!sever) stream.port.sever();
    }
    sever?.();
  }

  /** Resets its streams. */
  sever(backMs: number): void {
    this.breakOff("severRequester", undefined, backMs);
  }

  /** Closes the requester for good. */
  close(): void {
    for (const { port } of this.#streams) port.close();
  }

  async #dispatch(spec: RequestSpec): Promise<void> {
    const { context } = this;
    const { requestId } = spec;
    const caller = context.fresh(this.spec.id);
    context.note("submitted", { caller, isRepeat: false, ...requestFacts(spec) });
    try {
      const { targets, ttl } = await context.control.dispatch(requestOf(spec));
      context.note("accepted", { caller, requestId, targets, ttlMs: millis(ttl) });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { code, reason } = error.refused;
      context.note("refused", { caller, requestId, code, reason });
    }
  }

  #openStream(method: "Submit" | "Gather", spec?: RequestSpec, message?: Uint8Array): Stream {
    const { context } = this;
    const name = context.fresh(this.spec.id);
    if (spec) context.note("submitted", { caller: name, isRepeat: false, ...requestFacts(spec) });
    const receiver: Receiver = {
      receive: (bytes) => {
        const { events } = method === "Submit" ? SubmitResponse.decode(bytes) : GatherResponse.decode(bytes);
        for (const { event } of events) {
          if (event?.$case === "heartbeat") stream.beatCount++;
          else if (event) this.#hear(stream, event);
        }
      },
      ended: (code, reason) => {
        stream.isSound = false;
        this.#streams.delete(stream);
        const isRefusal =
          spec !== undefined && code !== "OK" && code !== "CANCELLED" && code !== "UNAVAILABLE";
        if (isRefusal) context.note("refused", { caller: name, requestId: spec.requestId, code, reason });
        context.note("callerEnded", { caller: name, code });
        if (this.#submit !== stream) return;
        this.#submit = undefined;
        const backMs = this.#backMs;
        this.#backMs = RETRY_MS;
        context.schedule.after(backMs, () => this.open());
      },
    };
    const stream: Stream = {
      name,
      port: openPort(this.address, method, receiver, message),
      isSound: true,
      gathering: new Set(),
      beatCount: 0,
    };
    this.#streams.add(stream);
    return stream;
  }

  #hear({ name: caller, gathering }: Stream, event: GatherCase): void {
    const { context } = this;
    switch (event.$case) {
      case "acceptance": {
        const { requestId, targets, ttl } = event.value;
        if (targets.length > 0 && this.#gathers.has(requestId)) gathering.add(requestId);
        context.note("accepted", { caller, requestId, targets, ttlMs: millis(ttl) });
        break;
      }
      case "rejection": {
        const requestId = this.#requestOf.get(event.value.correlationId) ?? "";
        const { code, reason } = readStatus(event.value.status as Status);
        context.note("refused", { caller, requestId, code, reason });
        break;
      }
      case "delivery":
        context.note("gathered", { caller, ...deliveryOf(event.value) });
        break;
      case "summary":
        gathering.delete(event.value.requestId);
        context.note("callerTold", { caller, ...summaryOf(event.value) });
        break;
    }
  }
}

const BY = "requester";

/** Builds the message of a request. */
export function dataOf({ requestId, payloadBytes }: RequestSpec): Buffer {
  return makePayload({ requestId, by: BY, session: "", index: 0 }, payloadBytes);
}

/** The fields of a request in the history. */
export function requestFacts(spec: RequestSpec): RequestFacts {
  const { requestId, topic, ttlMs, gather, excludeListeners, completion, noProducers } = spec;
  return {
    ...{ requestId, topic, ttlMs, gather, excludeListeners, noProducers },
    letsRun: completion?.loserAction === "LET_RUN",
    hasPolicy: completion !== undefined,
    selects: spec.maxTargets > 0 || spec.label !== "",
    digest: digestOf("data", dataOf(spec)),
  };
}

function requestOf(spec: RequestSpec): RequestInit {
  const { requestId, topic, ttlMs, maxTargets, label, completion } = spec;
  const matchLabels = label === "" ? {} : { zone: label };
  return {
    ...{ requestId, topic, ttl: duration(ttlMs), data: dataOf(spec) },
    noProducersAction: NoProducersAction[spec.noProducers],
    ...((maxTargets > 0 || label !== "") && { selector: { maxTargets, matchLabels } }),
    ...(completion && { completion: completionOf(completion) }),
  };
}

function completionOf(
  completion: NonNullable<RequestSpec["completion"]>,
): NonNullable<RequestInit["completion"]> {
  const { resultCount, quorumPercent, firstSuccess, stallTimeoutMs, loserAction } = completion;
  const until =
    resultCount !== undefined
      ? { $case: "resultCount" as const, value: resultCount }
      : quorumPercent !== undefined
        ? { $case: "quorumPercent" as const, value: quorumPercent }
        : firstSuccess
          ? { $case: "firstSuccess" as const, value: true }
          : undefined;
  return {
    ...(until && { until }),
    ...(stallTimeoutMs !== undefined && { stallTimeout: duration(stallTimeoutMs) }),
    loserAction: LoserAction[loserAction ?? "UNSPECIFIED"],
  };
}
