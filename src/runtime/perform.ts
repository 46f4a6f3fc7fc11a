/**
 * Carries out what the core orders: to a stream as events, to a call as its answer.
 */
import type { AddressedEffect, Deliver, Effect, Summarize } from "../core/vocabulary/effect.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { Broadcast } from "./broadcast.js";
import type { Outbox } from "./outbox.js";
import type { Places } from "./places.js";

/** Performs orders one after the other. Peers that have gone meanwhile are passed over. */
export class Performer {
  constructor(
    private readonly places: Places,
    private readonly broadcast: Broadcast,
    private readonly tell: (fact: Fact) => void,
  ) {}

  perform(effect: Effect): void {
    if (effect.kind === "deliver") {
      this.broadcast.deliver(effect);
      for (const caller of effect.callers) this.hand(caller, effect);
    } else if (effect.kind === "summarize") {
      this.broadcast.summarize(effect);
      for (const caller of effect.callers) this.hand(caller, effect);
    } else if (effect.kind === "observe") {
      this.tell(effect.fact);
    } else {
      this.address(effect);
    }
  }

  private hand(key: SessionKey, effect: Deliver | Summarize): void {
    const outbox = this.places.stream(key);
    if (outbox) this.broadcast.send(outbox, effect);
    else this.places.call(key)?.(effect);
  }

  private address(effect: AddressedEffect): void {
    const outbox = this.places.stream(effect.to);
    if (outbox) this.post(outbox, effect);
    else this.places.call(effect.to)?.(effect);
  }

  private post(outbox: Outbox, effect: AddressedEffect): void {
    switch (effect.kind) {
      case "replay":
      case "close":
        this.broadcast.note(outbox, effect);
        break;
      case "reject":
        if (outbox.endsOnReject) {
          this.broadcast.note(outbox, { kind: "close", to: effect.to, refusal: effect.refusal });
        } else {
          this.broadcast.send(outbox, effect);
        }
        break;
      case "cancelled":
      case "updated":
        break;
      case "ready":
        this.broadcast.note(outbox, effect);
        this.broadcast.send(outbox, effect);
        break;
      default:
        this.broadcast.send(outbox, effect);
    }
  }
}
