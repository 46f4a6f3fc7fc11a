/**
 * Reaps calls whose first message does not come: half-sent unary calls, and streams that open and say nothing. Nothing
 * else ends them; idle and age limits of the connection do not.
 */
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder } from "@grpc/grpc-js";
import { refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import { grpcStatus } from "../wire/status.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { nameMessageLimit } from "./message-limit.js";

/** Streams that may be opened ahead of their first message: they are sessions of their own from the beginning. */
const MAY_WAIT = new Set(["/ate.dispatcher.v1.DispatcherService/Submit"]);

/** Bounds a call's metadata and the time until its first message, and names the bound of its messages. */
export function firstMessageInterceptor(
  watchdog: Watchdog,
  options: EdgeOptions,
  internals: GrpcJsInternals,
): ServerInterceptor {
  return (method, call) => {
    nameMessageLimit(call, options, internals);
    let stop = (): void => undefined;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const bytes = sizeOf(metadata.toHttp2Headers());
        if (bytes > options.maxMetadataBytes) {
          const limit = String(options.maxMetadataBytes);
          const message = `the metadata has ${bytes} bytes of at most ${limit}; send less of it`;
          call.sendStatus(grpcStatus(refusal("METADATA_LIMIT", message, { limit })));
          return;
        }
        if (!MAY_WAIT.has(method.path)) {
          stop = watchdog.watch(() => {
            const limit = String(options.firstMessageTimeoutMs);
            const message = `no message came within ${limit} ms; send the first one at once`;
            call.sendStatus(grpcStatus(refusal("FIRST_MESSAGE_TIMEOUT", message, { limit_ms: limit })));
          });
        }
        next(metadata);
      })
      .withOnReceiveMessage((message, next) => {
        stop();
        next(message);
      })
      .withOnReceiveHalfClose((next) => {
        stop();
        next();
      })
      .withOnCancel(() => stop())
      .build();
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}

function sizeOf(headers: Record<string, unknown>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(headers)) bytes += key.length + String(value).length;
  return bytes;
}
