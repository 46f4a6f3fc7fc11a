import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { SessionKey } from "../../src/core/vocabulary/model.js";

/** What must hold of every stream by itself, whatever happens; looked at effect by effect, in their order. */
export class StreamRules {
  private readonly windows = new Map<SessionKey, number>();
  /** Assignments that each producer has not given back. */
  private readonly owed = new Map<SessionKey, Set<number>>();
  /** The last position of each topic that was given out. */
  private readonly sequences = new Map<string, number>();
  /** The last position of each topic that a session heard. */
  private readonly heard = new Map<string, number>();
  private readonly accepted = new Set<string>();
  private readonly summarized = new Set<string>();

  setWindow(producer: SessionKey, window: number): void {
    this.windows.set(producer, window);
  }

  /** Throws if an effect breaks a rule. */
  check(input: Input, effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "assign":
          this.assign(effect.to, effect.assignment);
          break;
        case "revoke":
          for (const id of effect.assignments) this.owed.get(effect.to)?.delete(id);
          break;
        case "accept":
          this.accepted.add(`${effect.to} ${effect.acceptance.requestId}`);
          break;
        case "deliver":
          this.deliver(effect);
          if (input.kind === "resultReturned" && !input.more)
            this.owed.get(input.session)?.delete(input.assignment);
          break;
        case "summarize":
          this.summarize(effect);
          break;
        default:
          break;
      }
    }
  }

  private assign(to: SessionKey, id: number): void {
    const owed = this.owed.get(to) ?? new Set<number>();
    this.owed.set(to, owed.add(id));
    demand(owed.size <= (this.windows.get(to) ?? 0), `producer ${to} was given more than its window`);
  }

  private deliver(effect: Extract<Effect, { readonly kind: "deliver" }>): void {
    const { topic, sequence, requestId, audience, callers, late } = effect;
    const last = this.sequences.get(topic) ?? 0;
    demand(sequence <= last + 1, `${topic} skips from ${last} to ${sequence}`);
    this.sequences.set(topic, Math.max(last, sequence));
    for (const key of callers) {
      demand(this.accepted.has(`${key} ${requestId}`), `${key} hears of ${requestId} before its acceptance`);
    }
    for (const key of late ? [] : [...audience, ...callers]) {
      demand(!this.summarized.has(`${key} ${requestId}`), `${key} hears of ${requestId} after its summary`);
    }
    for (const key of sequence === 0 ? [] : audience) {
      const name = `${key} ${topic}`;
      demand(sequence > (this.heard.get(name) ?? 0), `${key} hears ${topic} out of order`);
      this.heard.set(name, sequence);
    }
  }

  private summarize(effect: Extract<Effect, { readonly kind: "summarize" }>): void {
    const { requestId } = effect.summary;
    for (const key of effect.audience) {
      demand(!this.summarized.has(`${key} ${requestId}`), `${key} is told twice how ${requestId} ended`);
    }
    for (const key of [...effect.audience, ...effect.callers]) this.summarized.add(`${key} ${requestId}`);
  }
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
