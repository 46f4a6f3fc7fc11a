import type { Connection } from "../connection/connection.js";
import type { StreamEvents } from "../connection/stream-call.js";
import { endedByServer, errorOfStatus } from "../errors.js";
import { DispatcherServiceService } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { readStreamEvents, type StreamEvent } from "../wire/wire.js";
import { type EncodedSubmission, writeRequestCall } from "../wire/wire-items.js";
import type { GatherControl, PendingGather } from "./gather.js";

/** The call of a gather that does not use the shared stream. */
export interface UnaryGather {
  /** Resolves when the call has ended. */
  readonly ended: Promise<void>;
}

/**
 * Opens the call and passes its events to `gather`.
 *
 * @param cancel - cancels the request without ending the call, so that the summary still arrives.
 * @throws {DispatcherError} if the call cannot be made.
 */
export function openUnaryGather(
  connection: Connection,
  { request, excludeListeners, context }: EncodedSubmission,
  gather: PendingGather,
  cancel: GatherControl["cancel"],
): UnaryGather {
  let onEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  const events: StreamEvents = {
    onMessage: (message) => passOn(readStreamEvents(message, connection.memory.texts), gather),
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
  return { ended };
}

function passOn(events: readonly StreamEvent[], gather: PendingGather): void {
  for (const event of events) {
    if (event.kind === "acceptance") gather.accepted(event.value.acceptance);
    else if (event.kind === "delivery") gather.delivered(event.value);
    else if (event.kind === "summary") gather.summarized(event.value);
    else if (event.kind === "rejection") gather.failed(errorOfStatus(event.value.status));
  }
}
