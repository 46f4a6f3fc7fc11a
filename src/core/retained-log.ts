/**
 * Deliveries kept for listeners that come back: one log for all topics in arrival order, bounded in bytes and age, so
 * that the oldest go first wherever they belong.
 */
import type { Deliver } from "./effect.js";
import type { Limits } from "./limits.js";
import type { Instant } from "./model.js";
import type { TopicState } from "./topic-state.js";

/** What an entry costs beside its payload, in bytes; estimated. */
const ENTRY_BYTES = 256;
/** Emptied places at the front of an array that are worth a copy of the rest. */
const COMPACT_AT = 1_024;

/** The retained deliveries of all topics. */
export class RetainedLog {
  private topics: (TopicState | undefined)[] = [];
  private start = 0;
  private bytes = 0;

  constructor(private readonly limits: Pick<Limits, "retainedBytes" | "retainedMs">) {}

  /** Bytes held, estimated. */
  get byteLength(): number {
    return this.bytes;
  }

  /** How many deliveries are held. */
  get size(): number {
    return this.topics.length - this.start;
  }

  /** Keeps a delivery that is the newest of its topic and of all. */
  append(topic: TopicState, delivery: Deliver): void {
    if (this.limits.retainedBytes === 0) return;
    const cost = costOf(delivery);
    topic.log.push(delivery);
    topic.logBytes += cost;
    this.topics.push(topic);
    this.bytes += cost;
    while (this.bytes > this.limits.retainedBytes) this.dropOldest();
  }

  /** Drops what is too old. @returns whether anything is left. */
  expire(now: Instant): boolean {
    for (let topic = this.topics[this.start]; topic; topic = this.topics[this.start]) {
      const oldest = topic.log[topic.logStart];
      if (oldest && now - oldest.receivedAt <= this.limits.retainedMs) break;
      this.dropOldest();
    }
    return this.size > 0;
  }

  private dropOldest(): void {
    const topic = this.topics[this.start];
    const oldest = topic?.log[topic.logStart];
    if (!topic || !oldest) return;
    const cost = costOf(oldest);
    this.bytes -= cost;
    topic.logBytes -= cost;
    topic.logStart++;
    if (topic.logStart === topic.log.length || topic.logStart >= COMPACT_AT) {
      topic.log.splice(0, topic.logStart);
      topic.logStart = 0;
    }
    this.topics[this.start] = undefined;
    this.start++;
    if (this.start === this.topics.length || this.start >= 64 * COMPACT_AT) {
      this.topics = this.topics.slice(this.start);
      this.start = 0;
    }
  }
}

function costOf(delivery: Deliver): number {
  return ENTRY_BYTES + delivery.payload.byteLength;
}

/** How much is read of a topic's log at once. */
export interface ReadBound {
  /** The last position that is wanted. */
  readonly upTo: number;
  /** Costs of the deliveries, in bytes; one always has room. */
  readonly mostBytes: number;
}

const ALL: ReadBound = { upTo: Number.POSITIVE_INFINITY, mostBytes: Number.POSITIVE_INFINITY };

/** What is retained of a topic above a position, oldest first. */
export function retainedAfter(
  topic: TopicState,
  sequence: number,
  { upTo, mostBytes }: ReadBound = ALL,
): readonly Deliver[] {
  const found: Deliver[] = [];
  const first = topic.log[topic.logStart]?.sequence ?? 0;
  let bytes = 0;
  for (let i = topic.logStart + Math.max(0, sequence + 1 - first); i < topic.log.length; i++) {
    const delivery = topic.log[i];
    if (!delivery || delivery.sequence > upTo) break;
    bytes += costOf(delivery);
    if (bytes > mostBytes && found.length > 0) break;
    found.push(delivery);
  }
  return found;
}
