import { SubscribeRequest } from "ate-dispatcher-client/internal";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { type BidiCall, subscribe as hear, sinkOf } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import { SUBSCRIBE_PATHS } from "../wire/field-paths.js";
import type { Edge } from "./edge.js";
import { LISTENER_BOUND, listenerOpened } from "./listen.js";

/** Handles Subscribe: a listener's session whose topics are changed on the stream itself. */
export function subscribe(edge: Edge, call: BidiCall): void {
  const { runtime, logger } = edge;
  const session = runtime.openStream(sinkOf(call, edge, SUBSCRIBE_PATHS), LISTENER_BOUND);
  let isOpen = false;
  let isOver = false;
  const violated = (refused: Refusal): void => {
    isOver = true;
    runtime.submit({ kind: "sessionEnded", session, refusal: refused });
  };
  hear(call, logger, {
    message: (message) => {
      if (isOver) return;
      const said = decodeCold(SubscribeRequest, message).message;
      if (said?.$case === "listen" && !isOpen) {
        isOpen = true;
        runtime.submit(listenerOpened(session, said.value, call.getPeer()));
      } else if (said?.$case === "update" && isOpen) {
        const { addTopics, removeTopics } = said.value;
        runtime.submit({ kind: "topicsUpdated", session, add: addTopics, remove: removeTopics });
      } else if (isOpen) {
        violated(refusal("PROTOCOL_VIOLATION", `${said?.$case ?? "nothing"} came after listen; send update`));
      } else {
        violated(refusal("PROTOCOL_VIOLATION", `${said?.$case ?? "nothing"} came first; send listen first`));
      }
    },
    refused: violated,
    halfClosed: () => {
      if (!isOpen && !isOver)
        violated(refusal("PROTOCOL_VIOLATION", "the stream ended before listen; send listen first"));
    },
    closed: () => runtime.close(session),
  });
}
