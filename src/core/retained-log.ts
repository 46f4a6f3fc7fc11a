/**
 * Deliveries kept for listeners that come back: one log for all topics in arrival order, bounded in bytes and age, so
 * that the oldest go first wherever they belong.
 */
import type { Deliver } from "./effect.js";
import type { Limits } from "./limits.js";
import type { Instant } from "./model.js";
import { RetainedBlock } from "./retained-block.js";
import type { TopicState } from "./topic-state.js";

/** What an entry costs beside its payload, in bytes; estimated. */
const ENTRY_BYTES = 256;
/** Emptied places at the front of an array that are worth a copy of the rest, if they are half of it. */
const COMPACT_AT = 1_024;
/** The same of one topic: there may be many, and an array that is moved down within its place need never grow. */
const COMPACT_TOPIC_AT = 16;
/** Spent blocks that are kept, so that as many come as go while results flow. */
const MOST_SPARE = 16;

/** The retained deliveries of all topics. */
export class RetainedLog {
  private topics: (TopicState | undefined)[] = [];
  private start = 0;
  private bytes = 0;
  private block = new RetainedBlock();
  private readonly spare: RetainedBlock[] = [];

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
    if (!this.block.hasRoom(delivery.payload)) this.block = this.nextBlock();
    const cost = ENTRY_BYTES + delivery.payload.length;
    topic.log.push(this.block);
    topic.logIndexes.push(this.block.append(delivery));
    topic.logBytes += cost;
    this.topics.push(topic);
    this.bytes += cost;
    while (this.bytes > this.limits.retainedBytes) this.dropOldest();
  }

  /** Drops what is too old. @returns whether anything is left. */
  expire(now: Instant): boolean {
    for (let topic = this.topics[this.start]; topic; topic = this.topics[this.start]) {
      const oldest = topic.log[topic.logStart];
      const index = topic.logIndexes[topic.logStart] ?? 0;
      if (oldest && now - oldest.receivedAt(index) <= this.limits.retainedMs) break;
      this.dropOldest();
    }
    if (this.size === 0) {
      this.block = new RetainedBlock();
      this.spare.length = 0;
    }
    return this.size > 0;
  }

  /** One that was filled and is spent, or a new one. */
  private nextBlock(): RetainedBlock {
    // A block that is spent while it is still being filled is not among the spare ones.
    const block = this.block.isSpent ? this.block : this.spare.pop();
    block?.renew();
    return block ?? new RetainedBlock();
  }

  private dropOldest(): void {
    const topic = this.topics[this.start];
    const block = topic?.log[topic.logStart];
    if (!topic || !block) return;
    const index = topic.logIndexes[topic.logStart] ?? 0;
    const cost = costOf(block, index);
    block.drop(index);
    if (block.isSpent && block !== this.block && this.spare.length < MOST_SPARE) this.spare.push(block);
    this.bytes -= cost;
    topic.logBytes -= cost;
    topic.log[topic.logStart] = undefined;
    topic.logStart++;
    if (isWorthCompacting(topic.logStart, topic.log.length, COMPACT_TOPIC_AT)) compact(topic);
    this.topics[this.start] = undefined;
    this.start++;
    if (isWorthCompacting(this.start, this.topics.length, COMPACT_AT)) {
      this.topics = this.topics.slice(this.start);
      this.start = 0;
    }
  }
}

/** Whether the emptied places at the front are all there is, or many, and at least as many as the rest to be copied. */
function isWorthCompacting(start: number, length: number, least: number): boolean {
  return start === length || (start >= least && 2 * start >= length);
}

function compact(topic: TopicState): void {
  topic.log.splice(0, topic.logStart);
  topic.logIndexes.splice(0, topic.logStart);
  topic.logStart = 0;
}

function costOf(block: RetainedBlock, index: number): number {
  return ENTRY_BYTES + block.payloadBytes(index);
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
  const { log, logIndexes, logStart } = topic;
  const first = log[logStart]?.sequence(logIndexes[logStart] ?? 0) ?? 0;
  let bytes = 0;
  for (let i = logStart + Math.max(0, sequence + 1 - first); i < log.length; i++) {
    const block = log[i];
    const index = logIndexes[i] ?? 0;
    if (!block || block.sequence(index) > upTo) break;
    bytes += costOf(block, index);
    if (bytes > mostBytes && found.length > 0) break;
    found.push(block.read(index, topic.name));
  }
  return found;
}
