import { type FactTopics, MAX_FACT_TOPICS } from "../../core/vocabulary/fact.js";

/** Maximum number of ids that are told per period. The changes of others wait for a later one. */
const MAX_IDS = 1_000;

/**
 * Tells the changes of each id at most once per period; the period is the time between two ticks. The first change is
 * told at once. Later ones are told together, after a whole period without one.
 */
export class ChangeLimiter {
  /** Ids that were told in the present period, and in the one before. */
  private told = new Set<string>();
  private toldBefore = new Set<string>();
  /** Changes that are still to be told, with their topics. */
  private readonly due = new Map<string, FactTopics>();

  /** Notes a change. @returns whether it is to be told now. */
  note(id: string, topics: FactTopics): boolean {
    if (!this.isLimited(id) && !this.due.has(id) && this.told.size < MAX_IDS) {
      this.told.add(id);
      return true;
    }
    const others = this.due.get(id) ?? [];
    const isMany = others === "MANY" || topics === "MANY" || others.length + topics.length > MAX_FACT_TOPICS;
    this.due.set(id, isMany ? "MANY" : [...others, ...topics]);
    return false;
  }

  /** Forgets the changes of an id that has gone. */
  forget(id: string): void {
    this.due.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.told.clear();
    this.toldBefore.clear();
    this.due.clear();
  }

  /** Begins the next period. @returns the changes to tell now. */
  tick(): readonly (readonly [id: string, topics: FactTopics])[] {
    this.toldBefore = this.told;
    this.told = new Set();
    const now: [string, FactTopics][] = [];
    for (const [id, topics] of this.due) {
      if (this.told.size === MAX_IDS) break;
      if (this.isLimited(id)) continue;
      this.due.delete(id);
      this.told.add(id);
      now.push([id, topics]);
    }
    return now;
  }

  private isLimited(id: string): boolean {
    return this.told.has(id) || this.toldBefore.has(id);
  }
}
