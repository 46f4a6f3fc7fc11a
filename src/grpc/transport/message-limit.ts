/** Gives a reason to the status that grpc-js sends for a message that is too large. */
import { status as Code, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { refusal } from "../../core/vocabulary/reason.js";
import type { EdgeOptions } from "../options.js";
import { grpcStatus } from "../wire/status.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";

/** Makes a call say MESSAGE_LIMIT where grpc-js says RESOURCE_EXHAUSTED and nothing else. */
export function nameMessageLimit(
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
  const message = `a message has more than ${limit} bytes; send a reference, smaller batches, or raise maxMessageBytes`;
  return grpcStatus(refusal("MESSAGE_LIMIT", message, { limit }));
}
