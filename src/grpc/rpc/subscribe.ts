import { SubscribeRequest } from "ate-dispatcher-client/internal";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { type BidiCall, sinkOf, subscribe as subscribeToCall } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import { SUBSCRIBE_PATHS } from "../wire/field-paths.js";
import type { Edge } from "./edge.js";
import { LISTENER_BOUND, listenerOpened } from "./listen.js";

/** Handles Subscribe: a listener's session whose topics change through messages on the stream itself. */
export function subscribe(edge: Edge, call: BidiCall): void {
  const { runtime, logger } = edge;
  const session = runtime.openStream(sinkOf(call, edge, SUBSCRIBE_PATHS), LISTENER_BOUND);
  let isOpen = false;
  let isOver = false;
  const endWith = (reason: Refusal): void => {
    isOver = true;
    runtime.submit({ kind: "sessionEnded", session, refusal: reason });
  };
  subscribeToCall(call, logger, {
    message: (message) => {
      if (isOver) return;
      const decoded = decodeCold(SubscribeRequest, message).message;
      const name = decoded?.$case ?? "empty";
      if (decoded?.$case === "listen" && !isOpen) {
        isOpen = true;
        runtime.submit(listenerOpened(session, decoded.value, call.getPeer()));
      } else if (decoded?.$case === "update" && isOpen) {
        const { addTopics, removeTopics } = decoded.value;
        runtime.submit({ kind: "topicsUpdated", session, add: addTopics, remove: removeTopics });
      } else if (isOpen) {
        endWith(refusal("PROTOCOL_VIOLATION", `the session is open and the message is ${name}; send update`));
      } else {
        endWith(refusal("PROTOCOL_VIOLATION", `the first message is ${name}; send listen first`));
      }
    },
    rejected: endWith,
    halfClosed: () => {
      if (!isOpen && !isOver)
        endWith(refusal("PROTOCOL_VIOLATION", "the stream ended before listen; send listen first"));
    },
    closed: () => runtime.close(session),
  });
}
