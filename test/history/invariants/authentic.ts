import type { EventOf } from "../history.js";
import type { Invariant } from "./violation.js";

/** H7. */
export const authentic: Invariant = {
  name: "authentic",
  promise: "every received payload equals the sent one byte for byte, with its true producer and request",
  *check({ facts }) {
    const replies = new Map<string, EventOf<"replied">>();
    for (const reply of facts.whole.all("replied")) {
      replies.set(`${reply.requestId} ${reply.session} ${reply.index}`, reply);
    }
    for (const event of facts.events) {
      if (event.kind === "delivered" || event.kind === "gathered") {
        const { requestId, session, index, producerId, digest, more, topic } = event;
        const reply = replies.get(`${requestId} ${session} ${index}`);
        const request = facts.requests.get(requestId)?.first("submitted");
        if (!reply || reply.at > event.at) yield ["nobody has sent this", event];
        else if (reply.digest !== digest) yield ["it was sent with another content", reply, event];
        else if (reply.producerId !== producerId) yield ["it was sent by another producer", reply, event];
        else if (reply.more !== more) yield ["it says otherwise whether more will come", reply, event];
        if (request?.topic !== topic) yield ["the request was on another topic", request, event];
      } else if (event.kind === "assigned") {
        const request = facts.requests.get(event.requestId)?.first("submitted");
        if (!request) yield ["nobody has asked this", event];
        else if (request.digest !== event.digest) yield ["it was asked with another content", request, event];
        else if (request.topic !== event.topic) yield ["it was asked on another topic", request, event];
      }
    }
  },
};
