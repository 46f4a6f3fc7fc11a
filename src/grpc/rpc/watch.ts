/**
 * Handles Watch: streams facts as they happen and, once a second, the state of the server. A watcher that reads too
 * slowly loses events and gets their number.
 */
import { WatchRequest } from "ate-dispatcher-client/internal";
import { TopicFilter } from "../../core/vocabulary/topic-filter.js";
import { fail, guard, type OutgoingCall, subscribe, takeTurn } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import { PeerCharge } from "../transport/peer-charge.js";
import { decodeCold } from "../wire/decode-cold.js";
import { grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";
import { lookRefusal } from "./permissions.js";
import { topicFilterRefusal } from "./topic-filter.js";
import type { Watchers } from "./watchers.js";

type WatchCall = OutgoingCall & { readonly request: Buffer };

/** Handles Watch. */
export function watch(edge: Edge, watchers: Watchers, call: WatchCall): void {
  takeTurn(edge.runtime, call, () => join(edge, watchers, call));
}

function join(edge: Edge, watchers: Watchers, call: WatchCall): void {
  guard(
    edge.logger,
    (status) => fail(call, status),
    () => {
      const { topic: pattern } = decodeCold(WatchRequest, call.request);
      // An event shows a producer or listener with all its topics, and all watchers share the encoded event.
      const refused = topicFilterRefusal(pattern) ?? lookRefusal(edge.callerOf(call).rights, "");
      if (refused) {
        fail(call, grpcStatus(refused));
        return;
      }
      const sink = sinkOf(call, edge);
      const owner = new PeerCharge(edge.runtime.ledger, call);
      const leave = watchers.join(sink, new TopicFilter(pattern), owner);
      const leaveConnection = edge.connections?.joinWatcher(call, sink);
      subscribe(call, edge, {
        closed: () => {
          leaveConnection?.();
          leave();
          owner.end();
        },
      });
    },
  );
}
