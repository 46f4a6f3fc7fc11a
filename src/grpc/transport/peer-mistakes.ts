/**
 * The one translation of the statuses that grpc-js itself sends for a peer's mistake. They have no reason, and some are
 * INTERNAL, which says that the server has a bug.
 *
 * UNIMPLEMENTED for a compression that grpc-js does not know stays: the gRPC specification demands it.
 */
import { status as Code, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { EdgeOptions } from "../options.js";
import { grpcStatus } from "../wire/status.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";

/** A status of grpc-js: its code, how its text begins, and what it means. */
type Mistake = readonly [Code, string, Refusal];

const MISTAKES: readonly Mistake[] = [
  [
    Code.INTERNAL,
    "Failed to decompress message",
    refusal(
      "MALFORMED_MESSAGE",
      "a message cannot be decompressed; compare it with the grpc-encoding of the call",
    ),
  ],
  [
    Code.INTERNAL,
    "Error deserializing request",
    refusal("MALFORMED_MESSAGE", "the message is not valid protobuf of the expected type"),
  ],
  [
    Code.UNIMPLEMENTED,
    "Received no request message",
    refusal("PROTOCOL_VIOLATION", "the call ended before its message was complete; send one message"),
  ],
  [
    Code.UNIMPLEMENTED,
    "Received a second request message",
    refusal("PROTOCOL_VIOLATION", "the call has two messages; send one message"),
  ],
];

/** Replaces the statuses that grpc-js creates for mistakes of the peer. Statuses of the server itself stay. */
export function explainMistakes(
  call: ServerInterceptingCallInterface,
  options: EdgeOptions,
  internals: GrpcJsInternals,
): void {
  internals.replaceStatus(call, (status) => {
    const { code, details, metadata } = status;
    if (code === Code.OK || metadata) return status;
    if (code === Code.RESOURCE_EXHAUSTED) return grpcStatus(tooLarge(options.maxMessageBytes));
    const [, , mistake] = MISTAKES.find(([of, text]) => code === of && details?.startsWith(text)) ?? [];
    return mistake ? grpcStatus(mistake) : status;
  });
}

function tooLarge(maxMessageBytes: number): Refusal {
  const limit = String(maxMessageBytes);
  const message = `a message exceeds ${limit} bytes; send a reference or smaller batches, or raise maxMessageBytes`;
  return refusal("MESSAGE_LIMIT", message, { limit });
}
