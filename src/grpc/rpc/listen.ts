import { ListenRequest } from "ate-dispatcher-client/internal";
import type { ListenerOpened } from "../../core/vocabulary/input.js";
import type { OverflowAction } from "../../core/vocabulary/model.js";
import type { Caller } from "../../core/vocabulary/principal.js";
import { invalid, type Refusal } from "../../core/vocabulary/reason.js";
import type { OutboxBound } from "../../ports/runtime.js";
import { fail, guard, type OutgoingCall, subscribe, takeTurn } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import { decodeLimited } from "../wire/decode-cold.js";
import { opaqueId } from "../wire/ids.js";
import { grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";
import type { Origin } from "./origin.js";
import { anyRefusal, firstRefusal } from "./permissions.js";

const OVERFLOW_ACTIONS: readonly OverflowAction[] = ["DROP_OLDEST", "DROP_OLDEST", "DISCONNECT"];

/** The bound of a listener's queue until its session opens and sets its size. */
export const LISTENER_BOUND: OutboxBound = {
  maxBytes: Number.POSITIVE_INFINITY,
  overflow: "SLOW_LISTENER",
  endsOnReject: false,
};

const NO_PARTS = invalid([
  { field: "cursors_follow", description: "is set, but a Listen has only one message; use Subscribe" },
]);

type ListenCall = OutgoingCall & { readonly request: Buffer };

/** Handles Listen: a listener's session whose topics UpdateListener changes. */
export function listen(edge: Edge, call: ListenCall): void {
  takeTurn(edge.runtime, call, () => open(edge, call));
}

function open(edge: Edge, call: ListenCall): void {
  const { runtime, logger } = edge;
  guard(
    logger,
    (status) => fail(call, status),
    () => {
      const decoded = decodeLimited(ListenRequest, call.request, edge.entryLimits.listen);
      if ("refused" in decoded) {
        fail(call, grpcStatus(decoded.refused));
        return;
      }
      const request = decoded.message;
      if (request.cursorsFollow) {
        fail(call, grpcStatus(NO_PARTS));
        return;
      }
      const caller = edge.callerOf(call);
      const forbidden = listenRefusal(caller, request.topics);
      if (forbidden) {
        fail(call, grpcStatus(forbidden));
        return;
      }
      const address = call.getPeer();
      const session = runtime.openStream(sinkOf(call, edge), LISTENER_BOUND, address);
      subscribe(call, edge, { session, closed: () => runtime.close(session) });
      runtime.submit(listenerOpened({ session, peer: address, caller }, request));
    },
  );
}

/** Creates the input that opens a listener's session. */
export function listenerOpened({ session, peer, caller }: Origin, request: ListenRequest): ListenerOpened {
  const { listenerId, topics, includeLate, includeSummaries, bufferBytes, group } = request;
  return {
    kind: "listenerOpened",
    session,
    sessionId: opaqueId(),
    listenerId,
    mintedId: `listener-${opaqueId()}`,
    topics,
    resumeFrom: cursorsOf(request.resumeFrom),
    includeLate,
    includeSummaries,
    overflowAction: OVERFLOW_ACTIONS[request.overflowAction] ?? "UNKNOWN_ENUM_VALUE",
    bufferBytes,
    group,
    cursorsFollow: request.cursorsFollow,
    peer,
    principal: caller.principal.id,
    isGroupShared: sharesGroups(caller, topics),
  };
}

/** Whether a listener's group on these topics is shared with other principals. */
export function sharesGroups({ rights }: Caller, topics: readonly string[]): boolean {
  return topics.every((topic) => rights.sharesGroupOn(topic));
}

/** Why a caller may not listen to these topics. */
export function listenRefusal({ rights }: Caller, topics: readonly string[]): Refusal | undefined {
  return anyRefusal(rights, "listen") ?? firstRefusal(rights, "listen", topics);
}

/** Converts the cursors of a message. */
export function cursorsOf(cursors: ListenRequest["resumeFrom"]): ListenerOpened["resumeFrom"] {
  return cursors.map(({ topic, epoch, sequence }) => ({ topic, epoch, sequence: Number(sequence) }));
}
