/** Adds a reason to the status that grpc-js sends for a message that is too large. */
import { status as Code, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { refusal } from "../../core/vocabulary/reason.js";
import type { EdgeOptions } from "../options.js";
import { grpcStatus } from "../wire/status.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";

/** Replaces the bare RESOURCE_EXHAUSTED of grpc-js by a status with the reason MESSAGE_LIMIT. */
export function explainMessageLimit(
  call: ServerInterceptingCallInterface,
  options: EdgeOptions,
  internals: GrpcJsInternals,
): void {
  internals.replaceStatus(call, (status) => {
    const isOwn = status.code !== Code.RESOURCE_EXHAUSTED || status.metadata;
    return isOwn ? status : tooLarge(options.maxMessageBytes);
  });
}

function tooLarge(maxMessageBytes: number) {
  const limit = String(maxMessageBytes);
  const message = `a message exceeds ${limit} bytes; send a reference or smaller batches, or raise maxMessageBytes`;
  return grpcStatus(refusal("MESSAGE_LIMIT", message, { limit }));
}
