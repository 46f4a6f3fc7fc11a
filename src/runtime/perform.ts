/**
 * Performs the effects of the core: on a stream as events, on a unary call as its answer.
 */
import type { AddressedEffect, Deliver, Effect, Summarize } from "../core/vocabulary/effect.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { Broadcast } from "./broadcast.js";
import type { Outbox } from "./outbox.js";
import type { SessionTable } from "./session-table.js";

/** Performs effects one after the other. Effects for a closed session are skipped. */
export class Performer {
  constructor(
    private readonly sessions: SessionTable,
    private readonly broadcast: Broadcast,
    private readonly onFact: (fact: Fact) => void,
    private readonly onContinue: (session: SessionKey) => void,
  ) {}

  perform(effect: Effect): void {
    if (effect.kind === "deliver") {
      this.broadcast.deliver(effect);
      for (const caller of effect.callers) this.sendToCaller(caller, effect);
    } else if (effect.kind === "summarize") {
      this.broadcast.summarize(effect);
      for (const caller of effect.callers) this.sendToCaller(caller, effect);
    } else if (effect.kind === "observe") {
      this.onFact(effect.fact);
    } else if (effect.kind === "continue") {
      this.onContinue(effect.to);
    } else {
      this.sendToSession(effect);
    }
  }

  private sendToCaller(key: SessionKey, effect: Deliver | Summarize): void {
    const outbox = this.sessions.stream(key);
    if (outbox) this.broadcast.send(outbox, effect);
    else this.sessions.call(key)?.(effect);
  }

  private sendToSession(effect: AddressedEffect): void {
    const outbox = this.sessions.stream(effect.to);
    if (outbox) this.performOnStream(outbox, effect);
    else this.sessions.call(effect.to)?.(effect);
  }

  private performOnStream(outbox: Outbox, effect: AddressedEffect): void {
    switch (effect.kind) {
      case "replay":
      case "close":
        this.broadcast.apply(outbox, effect);
        break;
      case "reject":
        if (outbox.endsOnReject) {
          this.broadcast.apply(outbox, { kind: "close", to: effect.to, refusal: effect.refusal });
        } else {
          this.broadcast.send(outbox, effect);
        }
        break;
      case "cancelled":
      case "updated":
        break;
      case "ready":
        this.broadcast.apply(outbox, effect);
        this.broadcast.send(outbox, effect);
        break;
      default:
        this.broadcast.send(outbox, effect);
    }
  }
}
