import type { SubscribeRequest } from "ate-dispatcher-client/internal";
import type { TopicsUpdated } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { type BidiCall, subscribeToMessages } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import { decodeSubscribe } from "../wire/decode-cold.js";
import { SUBSCRIBE_PATHS } from "../wire/field-paths.js";
import type { Edge } from "./edge.js";
import { cursorsOf, LISTENER_BOUND, listenerOpened, listenRefusal, sharesGroups } from "./listen.js";
import type { Origin } from "./origin.js";

type TopicsUpdate = Extract<NonNullable<SubscribeRequest["message"]>, { readonly $case: "update" }>["value"];

/** Handles Subscribe: a listener's session whose topics change through messages on the stream itself. */
export function subscribe(edge: Edge, call: BidiCall): void {
  const address = call.getPeer();
  const session = edge.runtime.openStream(sinkOf(call, edge, SUBSCRIBE_PATHS), LISTENER_BOUND, address);
  const caller = edge.callerOf(call);
  const conversation = new ListenerConversation(edge, { session, peer: address, caller });
  subscribeToMessages(call, edge, {
    session,
    message: (message) => {
      conversation.receive(message);
      return undefined;
    },
    rejected: (reason) => conversation.endWith(reason),
    halfClosed: () => conversation.halfClosed(),
    closed: () => conversation.closed(),
  });
}

/** Checks the order of a listener's messages and turns them into inputs. */
class ListenerConversation {
  private phase: "NEW" | "OPENING" | "OPEN" | "OVER" = "NEW";
  private readonly session: SessionKey;
  /** Cancels the timeout of the next part; set while the session opens in parts. */
  private stopWaiting: (() => void) | undefined = undefined;

  constructor(
    private readonly edge: Edge,
    private readonly origin: Origin,
  ) {
    this.session = origin.session;
  }

  receive(message: Buffer): void {
    if (this.phase === "OVER") return;
    const { edge } = this;
    const read = decodeSubscribe(message, edge.entryLimits);
    if ("refused" in read) {
      this.endWith(read.refused);
      return;
    }
    const decoded = read.message;
    const name = decoded?.$case ?? "empty";
    const added = decoded?.$case === "listen" ? decoded.value.topics : (decoded?.value.addTopics ?? []);
    const forbidden = listenRefusal(this.origin.caller, added);
    if (forbidden) {
      this.endWith(forbidden);
      return;
    }
    if (decoded?.$case === "listen" && this.phase === "NEW") {
      this.expectPart(decoded.value.cursorsFollow);
      edge.runtime.submit(listenerOpened(this.origin, decoded.value));
    } else if (decoded?.$case === "update" && this.phase !== "NEW") {
      if (this.phase === "OPENING") this.expectPart(decoded.value.cursorsFollow);
      edge.runtime.submit(topicsUpdated(this.origin, decoded.value));
    } else if (this.phase === "NEW") {
      this.endWith(refusal("PROTOCOL_VIOLATION", `the first message is ${name}; send listen first`));
    } else {
      const message = `the session is open and the message is ${name}; send update`;
      this.endWith(refusal("PROTOCOL_VIOLATION", message));
    }
  }

  halfClosed(): void {
    if (this.phase === "NEW") {
      this.endWith(refusal("PROTOCOL_VIOLATION", "the stream ended before listen; send listen first"));
    } else if (this.phase === "OPENING") {
      const message = "the stream ended before its last part; send a part without cursors_follow first";
      this.endWith(refusal("PROTOCOL_VIOLATION", message));
    }
  }

  endWith(reason: Refusal): void {
    this.end();
    this.edge.runtime.submit({ kind: "sessionEnded", session: this.session, refusal: reason });
  }

  closed(): void {
    this.end();
    this.edge.runtime.close(this.session);
  }

  private end(): void {
    this.phase = "OVER";
    this.stopWaiting?.();
    this.stopWaiting = undefined;
  }

  /** Expects a further part in time, because a session that opens counts as one of the server's sessions. */
  private expectPart(follows: boolean): void {
    this.phase = follows ? "OPENING" : "OPEN";
    this.stopWaiting?.();
    this.stopWaiting = follows ? this.edge.opening.watch(() => this.timeOut()) : undefined;
  }

  private timeOut(): void {
    const limit = String(this.edge.options.firstMessageTimeoutMs);
    const message = `no further part arrived within ${limit} ms; send the last one without cursors_follow`;
    this.endWith(refusal("FIRST_MESSAGE_TIMEOUT", message, { limit_ms: limit }));
  }
}

function topicsUpdated({ session, caller }: Origin, update: TopicsUpdate): TopicsUpdated {
  const { addTopics, removeTopics, cursorsFollow } = update;
  return {
    kind: "topicsUpdated",
    session,
    add: addTopics,
    remove: removeTopics,
    isGroupShared: sharesGroups(caller, addTopics),
    resumeFrom: cursorsOf(update.resumeFrom),
    cursorsFollow,
  };
}
