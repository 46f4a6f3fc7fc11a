import type { sendUnaryData } from "@grpc/grpc-js";
import { UpdateListenerRequest, UpdateListenerResponse } from "ate-dispatcher-client/internal";
import { takeTurn, type UnaryCall } from "../transport/call.js";
import { decodeLimited } from "../wire/decode-cold.js";
import type { Edge } from "./edge.js";
import { listenRefusal, sharesGroups } from "./listen.js";
import { answerUnary } from "./unary.js";

/** Handles UpdateListener: changes the topics of a connected listener. */
export function updateListener(edge: Edge, call: UnaryCall, callback: sendUnaryData<Uint8Array>): void {
  takeTurn(edge.runtime, call, () => {
    answerUnary(
      edge,
      call,
      callback,
      (session) => {
        const decoded = decodeLimited(UpdateListenerRequest, call.request, edge.entryLimits.updateListener);
        if ("refused" in decoded) return decoded;
        const { listenerId, addTopics, removeTopics } = decoded.message;
        const caller = edge.callerOf(call);
        const forbidden = listenRefusal(caller, addTopics);
        if (forbidden) return { refused: forbidden };
        const principal = caller.principal.id;
        return {
          kind: "listenerUpdated",
          session,
          principal,
          listenerId,
          add: addTopics,
          remove: removeTopics,
          isGroupShared: sharesGroups(caller, addTopics),
        };
      },
      (effect) =>
        effect.kind === "updated"
          ? UpdateListenerResponse.encode({ topics: effect.topics }).finish()
          : undefined,
    );
  });
}
