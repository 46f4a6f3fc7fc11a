import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { WireMemory } from "../codec/wire-memory.js";
import { DispatcherError, invalidArgument } from "../errors.js";
import {
  type Completion,
  type Completion as CompletionMessage,
  LoserAction,
  NoProducersAction,
  Request,
} from "../gen/ate/dispatcher/v1/request.js";
import { TAGS } from "../gen/field-numbers.js";
import { writeList, writeStruct } from "../json/json-encoder.js";
import { durationFromMs, MAX_DURATION_MS } from "../values/duration.js";
import type { CompletionOptions, RequestOptions } from "./request-options.js";
import { encodeUsualRequest } from "./wire-request.js";

/**
 * Encodes a `Request`. The dispatcher passes the encoded bytes on to every producer unchanged.
 *
 * @param topic - the topic to ask.
 * @param options - the request; `context` and `signal` are not part of the message.
 * @param memory - the buffers that the connection keeps for encoding.
 * @throws {DispatcherError} INVALID_ARGUMENT if a value cannot be encoded. The server checks everything else.
 */
export function encodeRequest(topic: string, options: RequestOptions, memory: WireMemory): Uint8Array {
  const usual = encodeUsualRequest(topic, options, memory.writer);
  if (usual !== undefined) return usual;
  try {
    return memory.spareWriter.encode((writer) => {
      writeRoutingFields(writer, topic, options);
      writePayload(writer, options);
    });
  } catch (error) {
    if (error instanceof DispatcherError) throw error;
    throw invalidArgument("request", `cannot be encoded: ${DispatcherError.from(error).details}`);
  }
}

function writePayload(writer: BinaryWriter, { args, kwargs }: RequestOptions): void {
  if (args !== undefined) {
    writer.uint32(TAGS.REQUEST.args).fork();
    writeList(writer, args, "args");
    writer.join();
  }
  if (kwargs !== undefined) {
    writer.uint32(TAGS.REQUEST.kwargs).fork();
    writeStruct(writer, kwargs, "kwargs");
    writer.join();
  }
}

function writeRoutingFields(writer: BinaryWriter, topic: string, options: RequestOptions): void {
  if (options.data !== undefined && !(options.data instanceof Uint8Array)) {
    throw invalidArgument("data", "is not a Uint8Array");
  }
  const message: Request = {
    ...NO_REQUEST,
    topic,
    data: options.data ?? NO_REQUEST.data,
    contentType: options.contentType ?? "",
    attributes: { ...options.attributes },
    ttl: duration(options.ttlMs, "ttlMs"),
    requestId: options.requestId ?? "",
    completion: options.completion && completionOf(options.completion),
    selector: options.selector && {
      producerIds: options.selector.producerIds ?? [],
      principals: options.selector.principals ?? [],
      matchLabels: { ...options.selector.matchLabels },
      maxTargets: options.selector.maxTargets ?? 0,
    },
    noProducersAction: NoProducersAction[options.noProducersAction ?? "UNSPECIFIED"],
  };
  Request.encode(message, writer);
}

const NO_REQUEST = Request.create();

function completionOf(options: CompletionOptions): CompletionMessage {
  const goals: Completion["until"][] = [];
  if (options.resultCount !== undefined) goals.push({ $case: "resultCount", value: options.resultCount });
  if (options.quorumPercent !== undefined) {
    goals.push({ $case: "quorumPercent", value: options.quorumPercent });
  }
  if (options.firstSuccess === true) goals.push({ $case: "firstSuccess", value: true });
  if (goals.length > 1) {
    throw invalidArgument("completion", "has more than one of resultCount, quorumPercent and firstSuccess");
  }
  return {
    until: goals[0],
    stallTimeout: duration(options.stallTimeoutMs, "completion.stallTimeoutMs"),
    minResults: options.minResults ?? 0,
    countErrors: options.countErrors ?? false,
    loserAction: LoserAction[options.loserAction ?? "UNSPECIFIED"],
  };
}

function duration(ms: number | undefined, field: string): Request["ttl"] {
  if (ms === undefined) return undefined;
  if (typeof ms === "number" && Math.abs(ms) <= MAX_DURATION_MS) return durationFromMs(ms);
  throw invalidArgument(field, `is ${ms}; use a number of milliseconds`);
}
