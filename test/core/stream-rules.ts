import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { SessionKey } from "../../src/core/vocabulary/model.js";

/** Rules that hold for every single stream in every run. Effects are checked one by one, in order. */
export class StreamRules {
  private readonly windows = new Map<SessionKey, number>();
  /** Outstanding assignments of each producer. */
  private readonly outstanding = new Map<SessionKey, Set<number>>();
  /** The last sequence number of each topic. */
  private readonly sequences = new Map<string, number>();
  /** The last sequence number that each session received on each topic. */
  private readonly received = new Map<string, number>();
  private readonly accepted = new Set<string>();
  private readonly summarized = new Set<string>();

  /** Costs of the assignments that each producer was sent and has not taken, in bytes. */
  private readonly unwritten = new Map<SessionKey, number>();

  /** @param windowBytes - the window of every producer. */
  constructor(private readonly windowBytes: number) {}

  /** The connection of a producer has taken assignments. */
  written(producer: SessionKey, bytes: number): void {
    this.unwritten.set(producer, (this.unwritten.get(producer) ?? 0) - bytes);
  }

  setWindow(producer: SessionKey, window: number): void {
    this.windows.set(producer, window);
  }

  /** Throws if an effect breaks a rule. */
  check(input: Input, effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "assign":
          this.assign(effect.to, effect.assignment);
          this.fill(effect.to, effect.cost);
          break;
        case "revoke":
          for (const id of effect.assignments) this.outstanding.get(effect.to)?.delete(id);
          break;
        case "accept":
          this.accepted.add(`${effect.to} ${effect.acceptance.requestId}`);
          break;
        case "deliver":
          this.deliver(effect);
          if (input.kind === "resultReturned" && !input.more)
            this.outstanding.get(input.session)?.delete(input.assignment);
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
    const outstanding = this.outstanding.get(to) ?? new Set<number>();
    this.outstanding.set(to, outstanding.add(id));
    assertRule(
      outstanding.size <= (this.windows.get(to) ?? 0),
      `producer ${to} has more outstanding assignments than its window`,
    );
  }

  private fill(to: SessionKey, cost: number): void {
    const before = this.unwritten.get(to) ?? 0;
    this.unwritten.set(to, before + cost);
    assertRule(
      before === 0 || before + cost <= this.windowBytes,
      `producer ${to} is assigned more bytes than its window`,
    );
  }

  private deliver(effect: Extract<Effect, { readonly kind: "deliver" }>): void {
    const { topic, sequence, requestId, audience, callers, late } = effect;
    const last = this.sequences.get(topic) ?? 0;
    assertRule(sequence <= last + 1, `${topic} skips from ${last} to ${sequence}`);
    this.sequences.set(topic, Math.max(last, sequence));
    for (const key of callers) {
      assertRule(
        this.accepted.has(`${key} ${requestId}`),
        `${key} receives a result of ${requestId} before its acceptance`,
      );
    }
    for (const key of late ? [] : [...audience, ...callers]) {
      assertRule(
        !this.summarized.has(`${key} ${requestId}`),
        `${key} receives a result of ${requestId} after its summary`,
      );
    }
    for (const key of sequence === 0 ? [] : audience) {
      const name = `${key} ${topic}`;
      assertRule(sequence > (this.received.get(name) ?? 0), `${key} receives ${topic} out of order`);
      this.received.set(name, sequence);
    }
  }

  private summarize(effect: Extract<Effect, { readonly kind: "summarize" }>): void {
    const { requestId } = effect.summary;
    for (const key of effect.audience) {
      assertRule(
        !this.summarized.has(`${key} ${requestId}`),
        `${key} receives two summaries of ${requestId}`,
      );
    }
    for (const key of [...effect.audience, ...effect.callers]) this.summarized.add(`${key} ${requestId}`);
  }
}

function assertRule(holds: boolean, violation: string): void {
  if (!holds) throw new Error(violation);
}
