import type { Cursor } from "./gen/ate/dispatcher/v1/session.js";
import { matchesPattern } from "./topic-pattern.js";

/**
 * How many topics are remembered. Beyond it the oldest are forgotten, and after
 * a reconnect begin with what arrives next; it also keeps the resuming request
 * below the message limit of any server.
 */
const MAX_TOPICS = 10_000;

/** A position; a bigint only beyond what a number holds exactly, because comparing bigints costs more. */
type Sequence = number | bigint;

interface Position {
  /** The run of the numbering; empty while the server has not said, which it answers with a gap. */
  epoch: string;
  /** The highest position that was taken, on whatever stream. */
  taken: Sequence;
  /** Where the present stream is: in this epoch nothing at or below comes on it any more. */
  passed: Sequence;
  /** Whether this is only what we resumed from, and the present stream has not confirmed it. */
  isClaim: boolean;
}

/**
 * Where a listener stands in each topic: decides what is new, and where to
 * resume after a reconnect. On one stream positions only rise, so one that falls
 * begins a new epoch; one that another stream brought already is a repetition.
 */
export class Cursors {
  readonly #positions = new Map<string, Position>();

  /** Where to resume on a new stream. */
  claim(): Cursor[] {
    return [...this.#positions].map(([topic, position]) => {
      position.isClaim = true;
      return { topic, epoch: position.epoch, sequence: BigInt(position.taken) };
    });
  }

  /** The new stream says where topics begin on it. */
  streamBegins(cursors: readonly Cursor[]): void {
    for (const position of this.#positions.values()) position.passed = position.taken;
    for (const { topic, epoch, sequence } of cursors) {
      const position = this.#positions.get(topic);
      if (position?.epoch === epoch) position.passed = compact(sequence);
      else this.#positions.delete(topic);
    }
    this.advance(cursors);
  }

  /** The server says where topics stand: nothing at or below will still arrive. */
  advance(cursors: readonly Cursor[]): void {
    for (const { topic, epoch, sequence: wide } of cursors) {
      const sequence = compact(wide);
      const position = this.#positions.get(topic);
      if (position === undefined || (position.epoch !== epoch && position.epoch !== "")) {
        this.#remember(topic, { epoch, taken: sequence, passed: sequence, isClaim: false });
        continue;
      }
      position.epoch = epoch;
      position.isClaim = false;
      if (sequence > position.taken) position.taken = sequence;
      if (sequence > position.passed) position.passed = sequence;
    }
  }

  /** Whether a delivery is new, and if so takes it. Those without a position are always new. */
  take(topic: string, at: Sequence): boolean {
    const sequence = compact(at);
    if (sequence === 0) return true;
    const position = this.#positions.get(topic);
    if (position === undefined) {
      this.#remember(topic, { epoch: "", taken: sequence, passed: sequence, isClaim: false });
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

  /** The server says that deliveries up to this position are lost. */
  skip(topic: string, wide: bigint): void {
    const upTo = compact(wide);
    const position = this.#positions.get(topic);
    if (position === undefined) {
      this.#remember(topic, { epoch: "", taken: upTo, passed: upTo, isClaim: false });
    } else if (upTo > position.taken) {
      position.taken = upTo;
    }
  }

  /** The server says that what we resumed from is of an earlier epoch; it may have said before where the new one is. */
  epochChanged(topic: string): void {
    if (this.#positions.get(topic)?.isClaim) this.#positions.delete(topic);
  }

  /** Forgets topics that none of these patterns covers. */
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
