import type { Cursor } from "../gen/ate/dispatcher/v1/session.js";
import { matchesPattern } from "./topic-pattern.js";

/**
 * How many topics have a remembered position. Beyond it, the oldest position is evicted; after a reconnect, its topic
 * starts with the next delivery instead of resuming.
 */
const MAX_TOPICS = 10_000;

/** A sequence number. A bigint only above Number.MAX_SAFE_INTEGER, because comparing bigints is slower. */
type Sequence = number | bigint;

interface Position {
  /** The epoch of the numbering; empty if not known yet. The server answers a resume with an empty epoch with a gap. */
  epoch: string;
  /** The highest sequence that was handed out, on any stream. */
  taken: Sequence;
  /**
   * The highest sequence seen on the current stream. Within an epoch, the stream does not send it or a lower one
   * again.
   */
  passed: Sequence;
  /** Whether the position was sent to resume from, and the current stream has not confirmed it yet. */
  isUnconfirmed: boolean;
}

/**
 * A listener's position in each topic. Decides whether a delivery is new, and where to resume after a reconnect.
 *
 * On one stream, the sequence only rises. So a sequence that falls starts a new epoch, and a sequence that rises but
 * was handed out on an earlier stream is a duplicate.
 */
export class Cursors {
  readonly #positions = new Map<string, Position>();

  /** Returns the positions to resume from on a new stream. */
  resumePoints(): Cursor[] {
    return [...this.#positions].map(([topic, position]) => {
      position.isUnconfirmed = true;
      return { topic, epoch: position.epoch, sequence: BigInt(position.taken) };
    });
  }

  /** Applies the positions at which the topics start on a new stream. */
  streamBegins(cursors: readonly Cursor[]): void {
    for (const position of this.#positions.values()) position.passed = position.taken;
    for (const { topic, epoch, sequence } of cursors) {
      const position = this.#positions.get(topic);
      if (position?.epoch === epoch) position.passed = compact(sequence);
      else this.#positions.delete(topic);
    }
    this.advance(cursors);
  }

  /** Applies positions from the server: the stream sends no more deliveries at or below them. */
  advance(cursors: readonly Cursor[]): void {
    for (const { topic, epoch, sequence: wide } of cursors) {
      const sequence = compact(wide);
      const position = this.#positions.get(topic);
      if (position === undefined || (position.epoch !== epoch && position.epoch !== "")) {
        this.#remember(topic, { epoch, taken: sequence, passed: sequence, isUnconfirmed: false });
        continue;
      }
      position.epoch = epoch;
      position.isUnconfirmed = false;
      if (sequence > position.taken) position.taken = sequence;
      if (sequence > position.passed) position.passed = sequence;
    }
  }

  /** Records a delivery. @returns whether it is new; one without a sequence always is. */
  take(topic: string, at: Sequence): boolean {
    const sequence = compact(at);
    if (sequence === 0) return true;
    const position = this.#positions.get(topic);
    if (position === undefined) {
      this.#remember(topic, { epoch: "", taken: sequence, passed: sequence, isUnconfirmed: false });
      return true;
    }
    if (sequence <= position.passed) {
      position.epoch = "";
      position.taken = 0;
    }
    position.passed = sequence;
    if (sequence <= position.taken) return false;
    position.taken = sequence;
    return true;
  }

  /** Records that the deliveries up to a position are lost, so that they are not requested again. */
  skip(topic: string, wide: bigint): void {
    const upTo = compact(wide);
    const position = this.#positions.get(topic);
    if (position === undefined) {
      this.#remember(topic, { epoch: "", taken: upTo, passed: upTo, isUnconfirmed: false });
    } else if (upTo > position.taken) {
      position.taken = upTo;
    }
  }

  /**
   * Forgets the topic's position if it is the one that was resumed from: it belongs to an earlier epoch. If the server
   * sent a position of the new epoch before this call, the topic starts over from there.
   */
  epochChanged(topic: string): void {
    const position = this.#positions.get(topic);
    if (position?.isUnconfirmed) this.#positions.delete(topic);
    else if (position) position.taken = position.passed;
  }

  /** Forgets topics that none of the patterns matches. */
  retain(patterns: Iterable<string>): void {
    const kept = [...patterns];
    for (const topic of this.#positions.keys()) {
      if (!kept.some((pattern) => matchesPattern(pattern, topic))) this.#positions.delete(topic);
    }
  }

  #remember(topic: string, position: Position): void {
    const oldest = this.#positions.keys().next();
    if (this.#positions.size >= MAX_TOPICS && !this.#positions.has(topic) && !oldest.done) {
      this.#positions.delete(oldest.value);
    }
    this.#positions.set(topic, position);
  }
}

function compact(sequence: Sequence): Sequence {
  return typeof sequence === "bigint" && sequence <= Number.MAX_SAFE_INTEGER ? Number(sequence) : sequence;
}
