/**
 * Ends calls whose first message does not arrive: incomplete unary calls, and streams that stay silent after they open.
 * Without this they stay open, because the idle and age limits of a connection do not end its streams.
 */
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder } from "@grpc/grpc-js";
import { refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import { grpcStatus } from "../wire/status.js";
import type { CallHeaders } from "./call-headers.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { explainMistakes } from "./peer-mistakes.js";

/** Streams without this timeout: clients open them ahead of their first message. */
const WITHOUT_TIMEOUT = new Set(["/ate.dispatcher.v1.DispatcherService/Submit"]);

/** Checks the headers of a call, bounds its metadata and the time until its first message, and explains a peer's mistakes. */
export function firstMessageInterceptor(
  watchdog: Watchdog,
  options: EdgeOptions,
  internals: GrpcJsInternals,
  headers: CallHeaders,
): ServerInterceptor {
  return (method, call) => {
    explainMistakes(call, options, internals);
    let stop = (): void => undefined;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const refused = headers.refusalOf(internals.http2StreamOf({ call }));
        if (refused) {
          call.sendStatus(grpcStatus(refused));
          return;
        }
        const bytes = sizeOf(metadata.toHttp2Headers());
        if (bytes > options.maxMetadataBytes) {
          const limit = String(options.maxMetadataBytes);
          const message = `the metadata has ${bytes} bytes, and the limit is ${limit}; send less metadata`;
          call.sendStatus(grpcStatus(refusal("METADATA_LIMIT", message, { limit })));
          return;
        }
        if (!WITHOUT_TIMEOUT.has(method.path)) {
          stop = watchdog.watch(() => {
            const limit = String(options.firstMessageTimeoutMs);
            const message = `no message arrived within ${limit} ms; send the first message when the stream opens`;
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
