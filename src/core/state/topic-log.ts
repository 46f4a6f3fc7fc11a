/**
 * The retained deliveries of one topic, oldest first: where each of them lies in the blocks that all topics share.
 */
import type { Deliver } from "../vocabulary/effect.js";
import type { Instant } from "../vocabulary/model.js";
import type { RetainedBlock } from "./retained-block.js";

/**
 * Emptied places at the front that are worth moving the rest down, if they are at least half of all. There may be many
 * topics, and an array that is moved down within its place need never grow.
 */
const COMPACT_AT = 16;

/** How much of a log is read at once. */
export interface ReadBound {
  /** The last position that is wanted. */
  readonly upTo: number;
  /** Cost of the deliveries, in bytes; the first delivery is read whatever it costs. */
  readonly maxBytes: number;
}

const ALL: ReadBound = { upTo: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

/** The log of one topic. */
export class TopicLog {
  private readonly blocks: (RetainedBlock | undefined)[] = [];
  private readonly indexes: number[] = [];
  private start = 0;
  private bytes = 0;

  /** @param topic - its name. */
  constructor(private readonly topic: string) {}

  /** How many deliveries are retained. */
  get count(): number {
    return this.blocks.length - this.start;
  }

  /** How many places it has, taken or emptied. */
  get placeCount(): number {
    return this.blocks.length;
  }

  /** What they cost, in bytes; see {@link RetainedBlock.cost}. */
  get byteLength(): number {
    return this.bytes;
  }

  /** The block of the oldest delivery; undefined if nothing is retained. */
  get oldestBlock(): RetainedBlock | undefined {
    return this.blocks[this.start];
  }

  /** When the oldest delivery was received; undefined if nothing is retained. */
  get oldestReceivedAt(): Instant | undefined {
    return this.oldestBlock?.receivedAt(this.oldestIndex);
  }

  /** Retains a delivery that has room in a block. @returns what it costs, in bytes. */
  append(block: RetainedBlock, delivery: Deliver): number {
    const index = block.append(delivery);
    const cost = block.cost(index);
    this.blocks.push(block);
    this.indexes.push(index);
    this.bytes += cost;
    return cost;
  }

  /** Drops the oldest delivery, which must exist. @returns what it cost, in bytes. */
  dropOldest(): number {
    const block = this.oldestBlock;
    if (!block) return 0;
    const cost = block.cost(this.oldestIndex);
    block.drop(this.oldestIndex);
    this.bytes -= cost;
    this.blocks[this.start] = undefined;
    this.start++;
    this.compact();
    return cost;
  }

  /** The deliveries above a position, oldest first. */
  after(sequence: number, { upTo, maxBytes }: ReadBound = ALL): readonly Deliver[] {
    const found: Deliver[] = [];
    const first = this.oldestBlock?.sequence(this.oldestIndex) ?? 0;
    let bytes = 0;
    for (let i = this.start + Math.max(0, sequence + 1 - first); i < this.blocks.length; i++) {
      const block = this.blocks[i];
      const index = this.indexes[i] ?? 0;
      if (!block || block.sequence(index) > upTo) break;
      bytes += block.cost(index);
      if (bytes > maxBytes && found.length > 0) break;
      found.push(block.read(index, this.topic));
    }
    return found;
  }

  private get oldestIndex(): number {
    return this.indexes[this.start] ?? 0;
  }

  private compact(): void {
    const isEmpty = this.start === this.blocks.length;
    const isWorthIt = this.start >= COMPACT_AT && 2 * this.start >= this.blocks.length;
    if (!isEmpty && !isWorthIt) return;
    this.blocks.splice(0, this.start);
    this.indexes.splice(0, this.start);
    this.start = 0;
  }
}
