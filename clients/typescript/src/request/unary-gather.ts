import { Alarm } from "../async/alarm.js";
import type { Connection } from "../connection/connection.js";
import type { StreamEvents } from "../connection/stream-call.js";
import { endedByServer, errorOfStatus } from "../errors.js";
import { DispatcherServiceService } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { readStreamEvents, type StreamEvent } from "../wire/wire.js";
import { type EncodedSubmission, writeRequestCall } from "../wire/wire-items.js";
import { acceptedGivenUpAt, givenUpAt, RESERVE_MS } from "./deadlines.js";
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
  { request, excludeListeners, context, ttlMs }: EncodedSubmission,
  gather: PendingGather,
  cancel: GatherControl["cancel"],
): UnaryGather {
  let onEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  const deadline = new Alarm();
  let isPaused = false;
  let lastMessageAt = 0;
  const giveUpAt = (dueAt: number) =>
    // After a stall of this process, timers fire before sockets are read. The second alarm fires after that.
    deadline.set(dueAt - performance.now(), () => deadline.set(1, giveUp));
  const giveUp = () => {
    // While the program is behind, messages wait for it in the buffers of the connection.
    const isBehind = isPaused || performance.now() - lastMessageAt < RESERVE_MS;
    if (isBehind) giveUpAt(performance.now() + RESERVE_MS);
    else call.abort(connection.noAnswer(NO_ANSWER));
  };
  const events: StreamEvents = {
    onMessage: (message) => {
      lastMessageAt = performance.now();
      for (const event of readStreamEvents(message, connection.memory.texts)) {
        passOn(event, gather);
        if (event.kind === "goAway") call.leaveLink();
        if (event.kind === "acceptance") {
          giveUpAt(acceptedGivenUpAt(event.value.acceptance.ttlMs, ttlMs));
        }
      }
    },
    onEnd: (error) => {
      deadline.clear();
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
  giveUpAt(givenUpAt(ttlMs));
  gather.connected({
    cancel,
    flow: {
      pause() {
        isPaused = true;
        call.pause();
      },
      resume() {
        isPaused = false;
        lastMessageAt = performance.now();
        call.resume();
      },
    },
  });
  return { ended };
}

const NO_ANSWER = "the gather ended without a summary within its TTL and a reserve";

function passOn(event: StreamEvent, gather: PendingGather): void {
  if (event.kind === "acceptance") gather.accepted(event.value.acceptance);
  else if (event.kind === "delivery") gather.delivered(event.value);
  else if (event.kind === "summary") gather.summarized(event.value);
  else if (event.kind === "rejection") gather.failed(errorOfStatus(event.value.status));
}
