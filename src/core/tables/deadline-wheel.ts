/**
 * All deadlines of the process in one hashed timing wheel: setting, moving and clearing a deadline takes constant time.
 * Unlike a plain timing wheel, this one is exact: deadlines become due at their instant, not at the end of a tick. For that,
 * the deadlines of a tick that has been reached are moved from its slot into a heap.
 */
import type { Instant } from "../vocabulary/model.js";
import { Heap } from "./heap.js";

/** Width of a slot, in milliseconds. */
const TICK_MS = 5;
/** Number of slots. Deadlines beyond one round share slots with nearer ones, and are skipped once per round. */
const SLOT_COUNT = 2_048;
/** Maximum number of entries that stay allocated when no deadline is set. */
const MAX_SPARE_ENTRIES = 1_024;
/** Maximum number of entries that one call moves into the heap. Deadlines behind them may become due one call later. */
const MAX_MOVED = 8_192;
/** Maximum number of entries of a slot that are compared to find its earliest deadline; beyond, its tick's begin stands. */
const MAX_COMPARED = 64;
/** Marks the absence of an entry. */
const NONE = -1;
/** The slot of an entry that is in the heap. */
const NEAR = -1;
const NO_DEADLINES: readonly never[] = [];

/** An object that becomes due at an instant. */
export abstract class Deadline {
  /** When it is due; valid only while it is set. */
  at: Instant = 0;
  /** Its entry in the wheel; owned by the wheel. */
  wheelEntry = NONE;

  /** Whether it is set in a wheel. */
  get isSet(): boolean {
    return this.wheelEntry !== NONE;
  }
}

/** A set of deadlines. Each slot is a doubly linked list of entries; an entry is an index into parallel arrays. */
export class DeadlineWheel<D extends Deadline> {
  private readonly heads = new Int32Array(SLOT_COUNT).fill(NONE);
  private readonly deadlines: (D | undefined)[] = [];
  private readonly instants: number[] = [];
  private readonly slots: number[] = [];
  private readonly previous: number[] = [];
  private readonly following: number[] = [];
  /** Serial number of the call that set each entry: orders deadlines of the same instant. */
  private readonly serials: number[] = [];
  private readonly free: number[] = [];
  /** The entries of ticks that have been reached, also those whose deadline was cleared or moved since. */
  private readonly near = new Heap<number>((a, b) => this.isBefore(a, b));
  /** The last tick whose entries are all in the heap. */
  private reached = -1;
  private count = 0;
  private serial = 0;
  /** Lower bound of all deadlines; not exact after a deadline was cleared. */
  private earliest: Instant = Number.POSITIVE_INFINITY;

  /** Number of deadlines that are set. */
  get size(): number {
    return this.count;
  }

  /** Number of entries, used or free. */
  get entryCount(): number {
    return this.deadlines.length;
  }

  /** No deadline is due before this instant; infinity if none is set. */
  get next(): Instant {
    return this.earliest;
  }

  /** Sets a deadline, or moves it. */
  set(deadline: D, at: Instant): void {
    if (deadline.isSet) this.remove(deadline.wheelEntry);
    const entry = this.free.pop() ?? this.deadlines.length;
    deadline.at = at;
    deadline.wheelEntry = entry;
    this.deadlines[entry] = deadline;
    this.instants[entry] = at;
    this.serials[entry] = this.serial++;
    const tick = Math.floor(at / TICK_MS);
    if (tick > this.reached) {
      this.link(entry, tick % SLOT_COUNT);
    } else {
      this.slots[entry] = NEAR;
      this.near.push(entry);
    }
    this.count++;
    if (at < this.earliest) this.earliest = at;
  }

  /** Clears a deadline; does nothing if it is not set. */
  clear(deadline: D): void {
    if (!deadline.isSet) return;
    this.remove(deadline.wheelEntry);
    deadline.wheelEntry = NONE;
    if (this.count === 0) this.reset();
  }

  /**
   * Removes and returns the deadlines strictly before `now`, earliest first.
   *
   * @param now - must not run backwards between calls.
   * @param maxCount - the next call returns those beyond. Of many deadlines in one tick, some may come one call later than
   * others that are due after them.
   */
  takeDue(now: Instant, maxCount = Number.POSITIVE_INFINITY): readonly D[] {
    if (now <= this.earliest) return NO_DEADLINES;
    const isComplete = this.moveNear(Math.floor(now / TICK_MS));
    const due: D[] = [];
    let entry = this.near.first;
    for (; entry !== undefined && due.length < maxCount; entry = this.near.first) {
      const deadline = this.deadlines[entry];
      if (deadline && (this.instants[entry] ?? 0) >= now) break;
      this.near.pop();
      this.free.push(entry);
      if (!deadline) continue;
      this.deadlines[entry] = undefined;
      deadline.wheelEntry = NONE;
      due.push(deadline);
      this.count--;
    }
    if (this.count === 0) this.reset();
    else if (isComplete)
      this.earliest = entry === undefined ? this.findEarliest() : (this.instants[entry] ?? 0);
    return due;
  }

  /** Moves the entries up to a tick into the heap. @returns whether all of them were moved. */
  private moveNear(last: number): boolean {
    const end = (last + 1) * TICK_MS;
    const lastSlot = Math.min(last, this.reached + SLOT_COUNT);
    let movedCount = 0;
    for (let tick = this.reached + 1; tick <= lastSlot; tick++) {
      let entry = this.heads[tick % SLOT_COUNT] ?? NONE;
      while (entry !== NONE) {
        const following = this.following[entry] ?? NONE;
        if ((this.instants[entry] ?? 0) < end) {
          if (movedCount++ === MAX_MOVED) return false;
          this.unlink(entry);
          this.slots[entry] = NEAR;
          this.near.push(entry);
        }
        entry = following;
      }
      this.reached = tick;
    }
    this.reached = Math.max(this.reached, last);
    return true;
  }

  /** Searches one round ahead. If it finds none, returns the end of the round: may be too early, but never too late. */
  private findEarliest(): Instant {
    const first = this.reached + 1;
    const endOfRound = (first + SLOT_COUNT) * TICK_MS;
    for (let tick = first; tick < first + SLOT_COUNT; tick++) {
      let earliest = endOfRound;
      let entry = this.heads[tick % SLOT_COUNT] ?? NONE;
      for (let compared = 0; entry !== NONE; compared++) {
        if (compared === MAX_COMPARED) return tick * TICK_MS;
        const at = this.instants[entry] ?? endOfRound;
        if (at < earliest) earliest = at;
        entry = this.following[entry] ?? NONE;
      }
      if (earliest < endOfRound) return earliest;
    }
    return endOfRound;
  }

  private link(entry: number, slot: number): void {
    const head = this.heads[slot] ?? NONE;
    this.slots[entry] = slot;
    this.previous[entry] = NONE;
    this.following[entry] = head;
    if (head !== NONE) this.previous[head] = entry;
    this.heads[slot] = entry;
  }

  private unlink(entry: number): void {
    const previous = this.previous[entry] ?? NONE;
    const following = this.following[entry] ?? NONE;
    if (previous !== NONE) this.following[previous] = following;
    else this.heads[this.slots[entry] ?? 0] = following;
    if (following !== NONE) this.previous[following] = previous;
  }

  /** Removes a deadline. Its entry stays in the heap until its instant. */
  private remove(entry: number): void {
    this.deadlines[entry] = undefined;
    this.count--;
    if (this.slots[entry] === NEAR) return;
    this.unlink(entry);
    this.free.push(entry);
  }

  private isBefore(a: number, b: number): boolean {
    const one = this.instants[a] ?? 0;
    const other = this.instants[b] ?? 0;
    return one < other || (one === other && (this.serials[a] ?? 0) < (this.serials[b] ?? 0));
  }

  private reset(): void {
    this.earliest = Number.POSITIVE_INFINITY;
    for (const entry of this.near.clear()) this.free.push(entry);
    if (this.deadlines.length <= MAX_SPARE_ENTRIES) return;
    for (const column of [
      this.instants,
      this.slots,
      this.previous,
      this.following,
      this.serials,
      this.free,
    ]) {
      column.length = 0;
    }
    this.deadlines.length = 0;
  }
}
