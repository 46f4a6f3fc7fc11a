import type { Connection } from "./connection.js";
import { type DispatcherError, endedByServer, errorOfStatus } from "./errors.js";
import type { GatherLine, PendingGather } from "./gather.js";
import { DispatcherServiceService } from "./gen/ate/dispatcher/v1/dispatcher_service.js";
import type { StreamEvents } from "./stream-call.js";
import { readStreamEvents } from "./wire.js";
import { type EncodedSubmission, writeRequestCall } from "./wire-writer.js";

/** A gather on a call of its own. */
export interface UnaryGather {
  /** Resolves once the call is over. */
  readonly ended: Promise<void>;
  /** Ends the call at once, and with it the request. */
  abort(error: DispatcherError): void;
}

/**
 * Opens the call and tells `gather` all that happens.
 *
 * @param cancel - cancels the request in a way that lets its summary still arrive.
 * @throws {DispatcherError} if the call cannot be made.
 */
export function openUnaryGather(
  connection: Connection,
  { request, excludeListeners, context }: EncodedSubmission,
  gather: PendingGather,
  cancel: GatherLine["cancel"],
): UnaryGather {
  let onEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  const events: StreamEvents = {
    onMessage: (message) => tell(gather, message),
    onEnd: (error) => {
      gather.failed(error ?? endedByServer());
      onEnded();
    },
  };
  const call = connection.openServerStream(
    DispatcherServiceService.gather.path,
    writeRequestCall(request, excludeListeners),
    context,
    events,
  );
  gather.connected({
    cancel,
    flow: { pause: () => call.pause(), resume: () => call.resume() },
  });
  return { ended, abort: (error) => call.abort(error) };
}

function tell(gather: PendingGather, message: Buffer): void {
  for (const event of readStreamEvents(message)) {
    if (event.kind === "acceptance") gather.accepted(event.value.acceptance);
    else if (event.kind === "delivery") gather.delivered(event.value);
    else if (event.kind === "summary") gather.summarized(event.value);
    else if (event.kind === "rejection") gather.failed(errorOfStatus(event.value.status));
  }
}
